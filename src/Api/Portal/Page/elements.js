// What the pages do with the document. Text from the server is only ever put in as text.

export const element = id => document.getElementById(id);

/** Makes an element: its properties, attributes where they have a dash, and what is in it. */
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-')) {
      made.setAttribute(name, value);
    } else {
      made[name] = value;
    }
  }
  made.append(...children.filter(child => child !== null && child !== undefined && child !== false));
  return made;
}

/** Tells what was done. */
export function tell(text) {
  element('error').textContent = '';
  element('done').textContent = text;
}

/** Tells what went wrong. */
export function fail(error) {
  element('done').textContent = '';
  element('error').textContent = error?.message ?? '';
  if (error) {
    element('error').scrollIntoView({ block: 'nearest' });
  }
}

/** Does what a control says, once at a time, and tells where that fails. */
export async function act(control, action) {
  if (control?.getAttribute('aria-busy') === 'true') {
    return;
  }
  control?.setAttribute('aria-busy', 'true');
  fail(null);
  try {
    await action();
  } catch (error) {
    fail(error);
  } finally {
    control?.removeAttribute('aria-busy');
  }
}

/** A button that does something. */
export function button(text, action, properties = {}) {
  const made = make('button', { type: 'button', textContent: text, ...properties });
  made.addEventListener('click', () => act(made, action));
  return made;
}

/** Makes what is on the page already do something. */
export function on(id, event, action) {
  element(id).addEventListener(event, happened => {
    if (event === 'submit') {
      happened.preventDefault();
    }
    act(element(id), action);
  });
}

/** Asks whether and why to give an appointment up; null where it is kept. */
export function askWhy(what, reasons) {
  const dialog = element('cancel');
  element('cancel-what').textContent = what;
  element('reason').replaceChildren(...reasons.map(([code, text]) => make('option', { value: code, textContent: text })));
  element('comment').value = '';
  dialog.returnValue = 'keep';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    const option = element('reason').selectedOptions[0];
    resolve(dialog.returnValue !== 'cancel' ? null : { code: option.value, text: option.textContent, comment: element('comment').value.trim() });
  }, { once: true }));
}
