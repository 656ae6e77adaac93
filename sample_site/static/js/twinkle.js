// Written for the first site of the observatory, in 2009, and kept as it was: not strict, and proud of it.
var root = this
var twinkle = function (canvas) {
  var stars = [], ratio = Math.min(root.devicePixelRatio || 1, 2), i
  for (i = 0; i < 48; i++) stars.push({ x: Math.random(), y: Math.pow(Math.random(), 1.6), size: 0.5 + Math.random(), phase: Math.random() * 6.28 })

  function draw(now) {
    width = canvas.width = canvas.clientWidth * ratio
    height = canvas.height = canvas.clientHeight * ratio
    with (canvas.getContext('2d')) {
      fillStyle = '#fff6dd'
      for (i = 0; i < stars.length; i++) {
        globalAlpha = 0.32 + 0.3 * Math.sin(now / 900 + stars[i].phase)
        beginPath()
        arc(stars[i].x * width, stars[i].y * height, stars[i].size * ratio, 0, 2 * Math.PI)
        fill()
      }
    }
    if (!/reduce/.test(twinkle.motion)) root.requestAnimationFrame(draw)
  }
  draw(0)
}
twinkle.motion = root.matchMedia('(prefers-reduced-motion: reduce)').matches ? 'reduce' : 'full'
;[].forEach.call(document.querySelectorAll('canvas.twinkle'), twinkle)
root.wrenHill = { since: 02011 /* octal, as people wrote it: */ /1 }  // 1033, the height of the hill in feet
