"use strict";

/* The switch in the header: paper by day, lamp-light by night. */
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  const show = (button) => {
    button.setAttribute("aria-pressed", String(isDark()));
    button.title = isDark() ? "Turn the lights up" : "Dim the lights";
  };

  for (const button of document.querySelectorAll(".theme-switch")) {
    show(button);
    dark.addEventListener("change", () => show(button));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      localStorage.setItem("theme", root.dataset.theme);
      show(button);
    });
  }
}
