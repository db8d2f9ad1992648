#ifndef DATA_PATTERN_H
#define DATA_PATTERN_H

/*
 * Patterns in Java's syntax (java.util.regex.Pattern), as CloudFormation's AllowedPattern has them,
 * by way of the C library's extended regular expressions.
 */
enum pattern_verdict {
	PATTERN_MATCHES,
	PATTERN_DIFFERS,
	PATTERN_UNKNOWN, /* not to be told here */
};

/*
 * Whether the whole of `text` matches: "the pattern must match the entire parameter value provided"
 * (User Guide, "Parameters").
 *
 * Translated are literals, escapes of signs and of \t \n \r \f, \d \w \s \D \W \S, classes with
 * ranges, groups, alternatives, and quantifiers, of which lazy ones mean the same for a whole text.
 * PATTERN_UNKNOWN for all else (look-around, back-references, possessive quantifiers, \b, \p{...},
 * flags, unions and intersections of classes), for what Java would refuse, for what is not ASCII,
 * and for what would be large: over 4096 bytes or, with its repetitions written out, 4096 atoms.
 */
enum pattern_verdict pattern_match(const char *pattern, const char *text);

#endif
