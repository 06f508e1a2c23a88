// Back to the start by itself once nobody has touched the page for so long; each touch begins anew.
(function () {
  'use strict';
  var own = document.currentScript, timer = 0;
  function rest() {
    clearTimeout(timer);
    timer = setTimeout(function () { location.replace(own.dataset.to); }, own.dataset.seconds * 1000);
  }
  ['pointerdown', 'keydown', 'scroll'].forEach(function (touch) { addEventListener(touch, rest, true); });
  rest();
})();
