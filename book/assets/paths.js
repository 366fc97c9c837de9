// Loaded before require.js.  The widget manager's fonts lie beside this file: require.js takes this object as its
// settings, and would otherwise look for them under the name of the npm package.
window.require = {
  paths: { "@jupyter-widgets/html-manager/dist": document.currentScript.src.replace(/\/[^/]*$/, "") },
};

// The widget manager asks for formulas the way MathJax 2 wanted it; the pages have MathJax 3.
document.addEventListener("DOMContentLoaded", () => {
  const mathjax = window.MathJax;
  if (mathjax && !mathjax.Hub) {
    mathjax.Hub = { Queue: ([, , element]) => mathjax.startup.promise.then(() => mathjax.typesetPromise([element])) };
  }
});
