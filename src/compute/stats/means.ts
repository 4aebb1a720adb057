/** Geometric and harmonic mean of positive numbers, which come with how often they do. */

/** A product and a factor in these ranges stay within the range of doubles. */
const MOST = 2 ** 400;
const LEAST = 2 ** -400;
const STEP = 500;
const ABOVE = 2 ** STEP;
const BELOW = 2 ** -STEP;
const TINY = 2 ** -200;

export class Means {
  #n = 0;
  #least = Infinity;
  #most = 0;
  /** A value at or below zero has neither mean. */
  #isPositive = true;
  // The product of the single values is #product * 2^#exponent; of the others logarithms are added.
  #product = 1;
  #exponent = 0;
  readonly #logs = new Sum();
  readonly #inverses = new Sum();
  /** Of numbers whose inverses a double may not hold: in units of 1 / TINY. */
  readonly #largeInverses = new Sum();

  add(value: number | bigint, count: number): void {
    const x = Number(value);
    this.#n += count;
    if (!(x > 0)) this.#isPositive = false;
    if (!this.#isPositive) return;
    this.#least = Math.min(this.#least, x);
    this.#most = Math.max(this.#most, x);
    if (x < LEAST) this.#largeInverses.add(count / (x / TINY));
    else this.#inverses.add(count / x);
    if (count > 1 || x > MOST || x < LEAST) {
      this.#logs.add(count * Math.log(x));
      return;
    }
    this.#product *= x;
    if (this.#product > ABOVE) this.#scale(BELOW, STEP);
    else if (this.#product < BELOW) this.#scale(ABOVE, -STEP);
  }

  #scale(by: number, exponent: number): void {
    this.#product *= by;
    this.#exponent += exponent;
  }

  get geometric(): number | null {
    if (this.#n === 0 || !this.#isPositive) return null;
    const logs = this.#logs.value + Math.log(this.#product) + this.#exponent * Math.LN2;
    return this.#within(Math.exp(logs / this.#n));
  }

  get harmonic(): number | null {
    if (this.#n === 0 || !this.#isPositive) return null;
    const large = this.#largeInverses.value;
    if (large === 0) return this.#within(this.#n / this.#inverses.value);
    return this.#within((this.#n * TINY) / (large + this.#inverses.value * TINY));
  }

  /** No mean is beyond its values; at the end of doubles rounding would carry it there. */
  #within(mean: number): number {
    return Math.min(Math.max(mean, this.#least), this.#most);
  }
}

/** Neumaier's compensated sum: https://doi.org/10.1002/zamm.19740540106 */
class Sum {
  #sum = 0;
  #lost = 0;

  add(x: number): void {
    const sum = this.#sum + x;
    this.#lost += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - sum + x : x - sum + this.#sum;
    this.#sum = sum;
  }

  get value(): number {
    return this.#sum + this.#lost;
  }
}
