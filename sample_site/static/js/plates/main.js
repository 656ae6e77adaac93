/** The gallery: a plate opens on the light table, whose code is loaded with the first click. */

const plates = [...document.querySelectorAll("[data-plate]")];

for (const plate of plates) {
  plate.addEventListener("click", async () => {
    const { lay } = await import(/* the light table */ "./light-table.js");
    lay(plates, plates.indexOf(plate));
  });
}
