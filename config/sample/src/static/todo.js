'use strict';

const form = document.querySelector('form');
const list = document.querySelector('ul');

async function refresh() {
  const todos = await (await fetch('/todos')).json();
  list.replaceChildren(...todos.map((todo) => {
    const item = document.createElement('li');
    const done = document.createElement('button');
    item.textContent = todo.title;
    done.textContent = 'Done';
    done.onclick = async () => {
      await fetch('/todos/' + todo.id, { method: 'DELETE' });
      refresh();
    };
    item.append(done);
    return item;
  }));
}

form.onsubmit = async (event) => {
  event.preventDefault();
  await fetch('/todos', { method: 'POST', body: JSON.stringify({ title: form.title.value }) });
  form.reset();
  refresh();
};

refresh();
