/** Brings the front page to life: the moon, the next open night, and the sky over the hill. */
import { drawMoon, moonAge, phaseName } from "./moon.js";
import { nextNight } from './nights.js';
import * as chart from "./chart.js";

const by = (name) => document.querySelector(`[data-${name}]`);

function showMoon() {
  const age = moonAge(new Date());
  by("moon").innerHTML = drawMoon(age);
  by("phase").textContent = phaseName(age);
}

async function showNight() {
  const night = await nextNight(new Date());
  if (night) by("night").textContent = `${night.day}, ${night.time}`;
}

async function showSky() {
  const canvas = by("chart");
  const stars = await chart.load();
  const draw = () => chart.draw(canvas, stars, new Date());
  draw();
  const timer = setInterval(draw, 60_000);

  by("shutter").addEventListener("click", async ({ currentTarget: button }) => {
    clearInterval(timer);
    button.setAttribute("aria-busy", "true");
    const { expose } = await import("./exposure.js");
    await expose(canvas, stars, new Date());
    button.removeAttribute("aria-busy");
    by("chart-note").textContent = "Six hours in one picture. Everything turns about Polaris, who hardly moves.";
  });
}

showMoon();
await Promise.all([showNight(), showSky()]);
