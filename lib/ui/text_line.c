#include "ui/text_line.h"

#include "base/cleanup.h"
#include "base/sanitize.h"

#include <string.h>

struct text_line text_line_of(unsigned limit, bool has_color)
{
	return (struct text_line){ .text = STR_INIT, .limit = limit, .has_color = has_color };
}

static unsigned width_of(unsigned code)
{
	static const struct {
		unsigned first, last, width;
	} ranges[] = {
		{ 0x0300, 0x036f, 0 }, { 0x1100, 0x115f, 2 },	{ 0x20d0, 0x20ff, 0 },
		{ 0x2e80, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 },	{ 0xf900, 0xfaff, 2 },
		{ 0xfe00, 0xfe0f, 0 }, { 0xfe30, 0xfe6f, 2 },	{ 0xff00, 0xff60, 2 },
		{ 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return ranges[i].width;
	}
	return 1;
}

/* The bytes of an SGR sequence that begins here, 0 where none does. */
static size_t sgr_len(const char *text)
{
	size_t len;

	if (text[0] != '\033' || text[1] != '[')
		return 0;
	len = 2 + strspn(text + 2, "0123456789;");
	return text[len] == 'm' ? len + 1 : 0;
}

/* One character: its bytes and columns. A TAB is a blank here; what is no UTF-8 one column. */
static size_t next_character(const char *text, unsigned *ret_width)
{
	unsigned code = 0;
	size_t len = utf8_decode(text, strlen(text), &code);

	*ret_width = len ? width_of(code) : 1;
	return len ? len : 1;
}

unsigned text_width(const char *text)
{
	unsigned sum = 0;

	while (*text) {
		size_t len = sgr_len(text);
		unsigned width = 0;

		if (!len)
			len = next_character(text, &width);
		sum += width;
		text += len;
	}
	return sum;
}

/* As many characters as `room` has columns for. */
static void add_some(struct text_line *line, const char *text, unsigned room)
{
	while (*text) {
		unsigned width;
		size_t len = next_character(text, &width);

		if (width > room)
			return;
		str_add(&line->text, *text == '\t' ? " " : text, len);
		line->width += width;
		room -= width;
		text += len;
	}
}

void text_line_add(struct text_line *line, const char *text)
{
	unsigned room = line->limit - line->width;

	if (line->is_full || text_width(text) <= room) {
		add_some(line, text, line->is_full ? 0 : room);
		return;
	}
	line->is_full = true;
	if (!room)
		return;
	add_some(line, text, room - 1);
	str_addc(&line->text, '~');
	line->width++;
}

void text_line_color(struct text_line *line, enum text_color color, const char *text)
{
	static const char *const codes[] = { "",	 "\033[1m",  "\033[2m",
					     "\033[31m", "\033[32m", "\033[33m" };
	struct text_line piece;

	if (!line->has_color || color == TEXT_PLAIN || line->is_full) {
		text_line_add(line, text);
		return;
	}
	/* Cut by itself: the line must not lose the end of a sequence. */
	piece = text_line_of(line->limit - line->width, false);
	text_line_add(&piece, text);
	if (piece.text.len)
		str_addf(&line->text, "%s%s\033[0m", codes[color], piece.text.buf);
	line->width += piece.width;
	line->is_full = piece.is_full;
	str_release(&piece.text);
}

void text_line_pad(struct text_line *line, unsigned column)
{
	if (line->width && line->width >= column)
		text_line_add(line, " ");
	while (line->width < column && !line->is_full)
		text_line_add(line, " ");
}
