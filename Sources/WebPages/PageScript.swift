/// JavaScript that all pages with a script begin with.
enum PageScript {
  /// `pageData` is the page's data; `make` builds elements, of HTML or of SVG; `visible` shows text as `escapedForHTML`
  /// does; `figure` writes a number with so many significant digits.
  static let common = #"""
    const pageData = JSON.parse(document.getElementById("data").textContent);
    function make(name, attributes, ...children) {
      const space = /^(svg|g|path|line|text|rect|circle)$/.test(name) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
      const node = document.createElementNS(space, name);
      for (const key in attributes) node.setAttribute(key, attributes[key]);
      node.append(...children);
      return node;
    }
    function visible(text) {
      return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, c => {
        const code = c.charCodeAt(0);
        if (code < 0x20) return String.fromCharCode(0x2400 + code);
        return code === 0x7f ? "\u2421" : "\\u{" + code.toString(16).toUpperCase() + "}";
      });
    }
    function figure(value, digits) {
      if (value === null || value === undefined) return "-";
      const size = Math.abs(value);
      if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(Math.max(digits - 1, 0)).replace(/\.?0*e/, "e");
      if (size >= 1000) return Math.round(value).toLocaleString("en");
      return String(Number(value.toPrecision(digits)));
    }
    """#
}
