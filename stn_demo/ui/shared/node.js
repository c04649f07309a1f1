// Updates of the page sixty times a second: only changes are written, because every write causes style and layout work.

/** A text node, empty, at the end of an element. */
export const textIn = (element) => element.appendChild(document.createTextNode(""));

export function write(node, text) {
  if (node.data !== text) node.data = text;
}

/** A property of an element: hidden, disabled, checked, value ... */
export function put(element, name, value) {
  if (element[name] !== value) element[name] = value;
}

/** A custom property of one element; its value is remembered here, because reading it from the style is slow. */
export function styled(element, name) {
  let last = null;
  return (value) => {
    if (value === last) return;
    last = value;
    element.style.setProperty(name, value);
  };
}
