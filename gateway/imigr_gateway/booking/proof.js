// Works out the proof that a further booking from one network costs: the least number n for which SHA-256 (FIPS 180-4)
// of "challenge:n" begins with so many zero bits. In small parts, so that the page stays usable.
"use strict";
const K = new Uint32Array(64), START = new Uint32Array(8), W = new Uint32Array(64);
(function constants() {
  // The first 32 bits of the fractional parts of cube and square roots of the first primes.
  for (let n = 2, count = 0; count < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (count < 8) START[count] = (Math.sqrt(n) % 1) * 4294967296;
    K[count++] = (Math.cbrt(n) % 1) * 4294967296;
  }
})();
function digest(text) { // of at most 55 ASCII letters: one block
  W.fill(0);
  for (let i = 0; i < text.length; i++) W[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  W[text.length >> 2] |= 128 << (24 - 8 * (text.length & 3));
  W[15] = 8 * text.length;
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    W[i] = W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
      + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i++) {
    const s = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const t = (h + s + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const u = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
  }
  return (START[0] + a) >>> 0;
}
function found(challenge, n, bits) { return digest(challenge + ":" + n) >>> (32 - bits) === 0; }
function solve(challenge, bits, told) {
  let n = 0;
  (function part() {
    for (const end = Date.now() + 40; Date.now() < end;)
      for (let i = 0; i < 500; i++, n++) if (found(challenge, n, bits)) return told(n);
    setTimeout(part, 0);
  })();
}
if (typeof document !== "undefined") {
  const form = document.getElementById("proof");
  if (form) solve(form.dataset.challenge, Number(form.dataset.bits), n => { form.elements.proof.value = n; form.submit(); });
} else if (typeof module !== "undefined") module.exports = { digest, found, solve };
