"use strict";

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
