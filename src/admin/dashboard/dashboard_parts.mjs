// The pieces that the page is made of. Text only ever goes in as text.
import { chartSeconds, highest, paths } from './dashboard_model.mjs';

const svgNamespace = 'http://www.w3.org/2000/svg';

/// An element with attributes and children (elements or text).
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgNamespace, name);
  set(made, attributes);
  made.append(...children);
  return made;
}

/// Sets what differs: what stays as it is is not read out again.
export function set(target, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (target.getAttribute(key) !== String(value)) target.setAttribute(key, value);
  }
}

export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/// A line over the last two minutes, its peak beside it. The figures are in the text
/// near it, so that a screen reader misses nothing.
export class Chart {
  constructor(width = 120, height = 32) {
    this.width = width;
    this.height = height;
    this.spans = drawing('g');
    this.area = drawing('path', { class: 'area' });
    this.line = drawing('path', { class: 'line' });
    this.peak = element('span', { class: 'peak' });
    const base = drawing('path', { class: 'base', d: `M0 ${height}H${width}` });
    const box = drawing(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' },
      this.spans,
      base,
      this.area,
      this.line,
    );
    this.element = element('div', { class: 'chart', 'aria-hidden': 'true' }, box, this.peak);
  }

  /// `top` is the value at the upper edge: the highest of `points`, or a common one.
  update(points, words, { top = highest(points), peak = highest(points), spans = [] } = {}) {
    const { line, area } = paths(points, top, this.width, this.height);
    set(this.line, { d: line });
    set(this.area, { d: area });
    say(this.peak, words(peak));
    const x = (age) => (this.width * (1 - Math.min(age, chartSeconds) / chartSeconds)).toFixed(1);
    this.spans.replaceChildren(
      ...spans.map(({ from, to, condition }) =>
        drawing('rect', {
          class: `span-${condition}`,
          x: x(from),
          width: Math.max(0.8, x(to) - x(from)),
          height: this.height,
        }),
      ),
    );
  }
}

/// A bar of 0 to 1, with a mark where it should be, if anywhere.
export class Meter {
  constructor() {
    this.bar = drawing('rect', { class: 'bar', height: 8 });
    this.mark = drawing('rect', { class: 'mark', width: 0.8, height: 8 });
    const track = drawing('rect', { class: 'track', width: 100, height: 8 });
    this.element = drawing(
      'svg',
      { class: 'meter', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      track,
      this.bar,
      this.mark,
    );
  }

  update(part, mark) {
    const percent = (value) => (100 * Math.min(1, Math.max(0, value))).toFixed(2);
    set(this.bar, { width: percent(part) });
    set(this.mark, { x: Math.max(0, percent(mark ?? 0) - 0.4), visibility: mark === undefined ? 'hidden' : 'visible' });
    this.element.classList.toggle('full', part >= 1 && mark === undefined);
  }
}
