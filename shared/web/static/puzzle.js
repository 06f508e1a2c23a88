// A puzzle is BITS.UNTIL.MARK; its solution is the first N for which the SHA-256 of MARK.N begins
// with so many zero bits. It is looked for beside the page, which does not wait for it.
'use strict';
var ROUNDS = 64, BEGIN = [], ADD = [], words = new Int32Array(ROUNDS);

// The standard's constants are the first bits behind the point of roots of the first primes.
(function () {
  function behind(root) { return ((root - Math.floor(root)) * 4294967296) | 0; }
  for (var n = 2; ADD.length < ROUNDS; n++) {
    var prime = true;
    for (var d = 2; d * d <= n && prime; d++) prime = n % d > 0;
    if (!prime) continue;
    if (BEGIN.length < 8) BEGIN.push(behind(Math.sqrt(n)));
    ADD.push(behind(Math.cbrt(n)));
  }
})();

function turn(x, n) { return (x >>> n) | (x << (32 - n)); }

// The first 32 bits of the hash of a text of at most 55 characters, which is a single block.
function first(text) {
  var i, a = BEGIN[0], b = BEGIN[1], c = BEGIN[2], d = BEGIN[3], e = BEGIN[4], f = BEGIN[5], g = BEGIN[6], h = BEGIN[7];
  words.fill(0);
  for (i = 0; i < text.length; i++) words[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  words[i >> 2] |= 128 << (24 - 8 * (i & 3));
  words[15] = text.length * 8;
  for (i = 16; i < ROUNDS; i++) {
    var near = words[i - 15], far = words[i - 2];
    words[i] = words[i - 16] + words[i - 7] + (turn(near, 7) ^ turn(near, 18) ^ (near >>> 3)) +
      (turn(far, 17) ^ turn(far, 19) ^ (far >>> 10));
  }
  for (i = 0; i < ROUNDS; i++) {
    var one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ADD[i] + words[i]) | 0;
    var two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  return (a + BEGIN[0]) >>> 0;
}

self.onmessage = function (event) {
  var parts = event.data.split('.'), rest = 32 - parts[0], n = 0;
  while (first(parts[2] + '.' + n) >>> rest) n++;
  self.postMessage(event.data + '.' + n);
};
