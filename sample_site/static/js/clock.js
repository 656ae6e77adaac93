(function () {
  "use strict";

  const LONGITUDE = -2.0; // degrees east of Greenwich

  /** Local mean sidereal time in hours; Meeus, Astronomical Algorithms, chapter 12. */
  function siderealTime(date) {
    const days = date / 864e5 - 10957.5;
    const hours = (18.697374558 + 24.06570982441908 * days + LONGITUDE / 15) % 24;
    return (hours + 24) % 24;
  }

  function show() {
    const hours = siderealTime(new Date());
    const pad = (number) => String(Math.floor(number)).padStart(2, "0");
    for (const clock of document.querySelectorAll("[data-clock]")) {
      clock.textContent = `${pad(hours)}:${pad((hours * 60) % 60)}:${pad((hours * 3600) % 60)}`;
    }
  }

  if (document.querySelector("[data-clock]")) {
    show();
    setInterval(show, 1000);
  }
})() // no semicolon, and a comment without a newline at the end of the file