/** A planisphere: the sky over the hill, as it is now, on a canvas. */
import { horizontal } from "./sphere.js";

export const CATALOGUE = new URL(`../../data/stars.json`, import.meta.url);

/** `{stars: [[name, hours, degrees, magnitude], …], lines: [[name, name, …], …]}` */
export const load = async () => (await fetch(CATALOGUE)).json();

/** Where on a chart of radius 1 a direction lies; north is up and east is left, as when lying on the grass. */
export function project({ altitude, azimuth }) {
  const distance = 1 - altitude / (Math.PI / 2);
  return [-distance * Math.sin(azimuth), -distance * Math.cos(azimuth)];
}

export function prepare(canvas) {
  const side = Math.round(canvas.clientWidth * Math.min(devicePixelRatio, 2));
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.translate(side / 2, side / 2);
  context.scale(side / 2, side / 2);
  return context;
}

export function draw(canvas, { stars, lines }, date) {
  const context = prepare(canvas);
  const places = new Map(stars.map(([name, ...star]) => [name, place(star, date)]));
  drawLines(context, lines, places);
  drawStars(context, places);
  drawNames(context, places);
}

function place([hours, degrees, magnitude], date) {
  const direction = horizontal(hours, degrees, date);
  return { at: project(direction), up: direction.altitude > 0, magnitude };
}

function drawLines(context, lines, places) {
  context.strokeStyle = "rgb(220 184 111 / 0.5)";
  context.lineWidth = 0.004;
  context.beginPath();
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [from, to] = [places.get(line[i - 1]), places.get(line[i])];
      if (!from.up && !to.up) continue;
      context.moveTo(...from.at);
      context.lineTo(...to.at);
    }
  }
  context.stroke();
}

function drawStars(context, places) {
  context.fillStyle = "#fff8e6";
  for (const { at, up, magnitude } of places.values()) {
    if (!up) continue;
    context.beginPath();
    context.arc(...at, 0.0165 * 0.76 ** magnitude, 0, 7);
    context.fill();
  }
}

function drawNames(context, places) {
  const scale = context.canvas.width / 2;
  context.save();
  context.setTransform(1, 0, 0, 1, scale, scale); // glyphs are placed on whole pixels: no tiny units here
  context.font = `${0.046 * scale}px "Wren Capitals", sans-serif`;
  for (const [name, { at, up, magnitude }] of places) {
    if (!up || Math.hypot(...at) > 0.9 || (magnitude > 1.3 && name !== "Polaris")) continue;
    context.fillText(name, (at[0] + 0.03) * scale, (at[1] + 0.016) * scale);
  }
  context.restore();
}
