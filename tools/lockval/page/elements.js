/* SPDX-License-Identifier: MIT */
/* What all scripts need of the document. */

/* An element: attributes by name, "on..." for listeners; children are elements or texts. */
function make(tag, attributes, ...children) {
    const element = document.createElement(tag);

    for (const [name, value] of Object.entries(attributes || {})) {
        if (name.startsWith("on"))
            element.addEventListener(name.slice(2), value);
        else if (value === true)
            element.setAttribute(name, "");
        else if (value !== false && value !== null && value !== undefined)
            element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

function find(selector, root) {
    return (root || document).querySelector(selector);
}

function findAll(selector, root) {
    return [...(root || document).querySelectorAll(selector)];
}
