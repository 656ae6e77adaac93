/** One plate, large, in a dialog; arrow keys turn to the next. */

const table = document.createElement("dialog");
table.className = "light-table";
table.innerHTML = `
  <img alt="">
  <div class="caption">
    <p></p>
    <form method="dialog"><button class="button">Put it back</button></form>
  </div>`;
document.body.append(table);

let shown = { plates: [], at: 0 };

export function lay(plates, at) {
  shown = { plates, at: (at + plates.length) % plates.length };
  const image = plates[shown.at].querySelector("img");
  table.querySelector("img").src = plates[shown.at].dataset.plate;
  table.querySelector("img").alt = image.alt;
  table.querySelector("p").textContent = image.alt;
  if (!table.open) table.showModal();
}

table.addEventListener("keydown", ({ key }) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (step) lay(shown.plates, shown.at + step);
});
table.addEventListener("click", ({ target }) => target === table && table.close());
