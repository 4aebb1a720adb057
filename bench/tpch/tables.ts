/**
 * TPC-H's eight tables from a seed, by DuckDB's SQL: the schema, keys, ranges and word lists of the
 * specification (clauses 1.4 and 4.2.2.13), not dbgen's own random streams. Every column that the
 * 22 queries filter on has the values they look for.
 */

/** Uniform pseudo-random integers from a row number and a stream: Lehmer steps between shifts. */
export const MACROS: readonly string[] = [
  `CREATE OR REPLACE MACRO mix(x, bits, factor) AS (xor(x, x >> bits) * factor) % 2147483647`,
  `CREATE OR REPLACE MACRO rnd(i, k) AS mix(mix(mix((i::BIGINT * 7919 + k * 104729 + $SEED) % 2147483647, 13, 48271), 11, 69621), 15, 40692)`,
  `CREATE OR REPLACE MACRO pick(words, i, k) AS words[1 + rnd(i, k) % len(words)]`,
  `CREATE OR REPLACE MACRO words(i, k) AS concat_ws(' ', pick($WORDS, i, k), pick($WORDS, i, k + 1), pick($WORDS, i, k + 2), pick($WORDS, i, k + 3), pick($WORDS, i, k + 4))`,
  `CREATE OR REPLACE MACRO phone(nation, i, k) AS format('{}-{:03d}-{:03d}-{:04d}', nation + 10, 100 + rnd(i, k) % 900, 100 + rnd(i, k + 1) % 900, 1000 + rnd(i, k + 2) % 9000)`,
  `CREATE OR REPLACE MACRO supplier_of(part, j, suppliers) AS 1 + (part + j * (suppliers // 4 + (part - 1) // suppliers)) % suppliers`,
  `CREATE OR REPLACE MACRO retail(part) AS ((90000 + (part // 10) % 20001 + 100 * (part % 1000)) / 100)::DECIMAL(15,2)`,
];

const list = (words: string): string =>
  `[${words
    .split(' ')
    .map((word) => `'${word}'`)
    .join(', ')}]`;

const WORDS = list(
  'furiously special requests carefully quick packages final deposits pending accounts express ironic theodolites Customer Complaints regular foxes bold pinto silent platelets even instructions slyly across unusual ideas sleep blithely haggle',
);
const COLORS = list(
  'almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood chartreuse chiffon chocolate coral cornflower cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender',
);
const NATIONS: readonly (readonly [string, number])[] = [
  ['ALGERIA', 0],
  ['ARGENTINA', 1],
  ['BRAZIL', 1],
  ['CANADA', 1],
  ['EGYPT', 4],
  ['ETHIOPIA', 0],
  ['FRANCE', 3],
  ['GERMANY', 3],
  ['INDIA', 2],
  ['INDONESIA', 2],
  ['IRAN', 4],
  ['IRAQ', 4],
  ['JAPAN', 2],
  ['JORDAN', 4],
  ['KENYA', 0],
  ['MOROCCO', 0],
  ['MOZAMBIQUE', 0],
  ['PERU', 1],
  ['CHINA', 2],
  ['ROMANIA', 3],
  ['SAUDI ARABIA', 4],
  ['VIETNAM', 2],
  ['RUSSIA', 3],
  ['UNITED KINGDOM', 3],
  ['UNITED STATES', 1],
];
const REGIONS = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'];

/** The statements that make the macros, with the seed put in. */
export const macros = (seed: number): string[] =>
  MACROS.map((sql) => sql.replaceAll('$SEED', String(seed)).replaceAll('$WORDS', WORDS));

/** Table name to the query that makes it. */
export function tables(scale: number): Readonly<Record<string, string>> {
  const suppliers = Math.max(20, Math.round(10_000 * scale));
  const parts = Math.max(100, Math.round(200_000 * scale));
  const customers = Math.max(150, Math.round(150_000 * scale));
  const orders = Math.max(1500, Math.round(1_500_000 * scale));
  return {
    region: `SELECT i::INTEGER r_regionkey, ${list(REGIONS.join('_').replaceAll(' ', '~').replaceAll('_', ' ')).replaceAll('~', ' ')}[i + 1] r_name, words(i, 900) r_comment FROM range(5) t(i)`,
    nation: `SELECT * FROM (VALUES ${NATIONS.map(([name, region], key) => `(${key}, '${name}', ${region}, 'x')`).join(', ')}) n(n_nationkey, n_name, n_regionkey, n_comment)`,
    supplier: `SELECT i::INTEGER s_suppkey, format('Supplier#{:09d}', i) s_name, words(i, 10) s_address, (rnd(i, 1) % 25)::INTEGER s_nationkey, phone(rnd(i, 1) % 25, i, 2) s_phone, ((rnd(i, 5) % 1099900 - 99999) / 100)::DECIMAL(15,2) s_acctbal, words(i, 20) s_comment FROM range(1, ${suppliers + 1}) t(i)`,
    part: `SELECT i::INTEGER p_partkey, concat_ws(' ', pick(${COLORS}, i, 30), pick(${COLORS}, i, 31), pick(${COLORS}, i, 32), pick(${COLORS}, i, 33), pick(${COLORS}, i, 34)) p_name, 'Manufacturer#' || (1 + rnd(i, 35) % 5) p_mfgr, 'Brand#' || (1 + rnd(i, 35) % 5) || (1 + rnd(i, 36) % 5) p_brand, pick(${list('STANDARD SMALL MEDIUM LARGE ECONOMY PROMO')}, i, 37) || ' ' || pick(${list('ANODIZED BURNISHED PLATED POLISHED BRUSHED')}, i, 38) || ' ' || pick(${list('TIN NICKEL BRASS STEEL COPPER')}, i, 39) p_type, (1 + rnd(i, 40) % 50)::INTEGER p_size, pick(${list('SM LG MED JUMBO WRAP')}, i, 41) || ' ' || pick(${list('CASE BOX BAG JAR PKG PACK CAN DRUM')}, i, 42) p_container, retail(i) p_retailprice, words(i, 43) p_comment FROM range(1, ${parts + 1}) t(i)`,
    partsupp: `SELECT i::INTEGER ps_partkey, supplier_of(i, j, ${suppliers})::INTEGER ps_suppkey, (1 + rnd(i * 4 + j, 50) % 9999)::INTEGER ps_availqty, ((100 + rnd(i * 4 + j, 51) % 99901) / 100)::DECIMAL(15,2) ps_supplycost, words(i * 4 + j, 52) ps_comment FROM range(1, ${parts + 1}) t(i), range(4) s(j)`,
    customer: `SELECT i::INTEGER c_custkey, format('Customer#{:09d}', i) c_name, words(i, 60) c_address, (rnd(i, 66) % 25)::INTEGER c_nationkey, phone(rnd(i, 66) % 25, i, 67) c_phone, ((rnd(i, 70) % 1099900 - 99999) / 100)::DECIMAL(15,2) c_acctbal, pick(${list('AUTOMOBILE BUILDING FURNITURE MACHINERY HOUSEHOLD')}, i, 71) c_mktsegment, words(i, 72) c_comment FROM range(1, ${customers + 1}) t(i)`,
    lineitem: `SELECT o::INTEGER l_orderkey, part::INTEGER l_partkey, supplier_of(part, rnd(n, 82) % 4, ${suppliers})::INTEGER l_suppkey, j::INTEGER l_linenumber, quantity::DECIMAL(15,2) l_quantity, (quantity * retail(part))::DECIMAL(15,2) l_extendedprice, ((rnd(n, 84) % 11) / 100)::DECIMAL(15,2) l_discount, ((rnd(n, 85) % 9) / 100)::DECIMAL(15,2) l_tax, CASE WHEN receipt <= DATE '1995-06-17' THEN ${list('R A')}[1 + rnd(n, 89) % 2] ELSE 'N' END l_returnflag, CASE WHEN ship > DATE '1995-06-17' THEN 'O' ELSE 'F' END l_linestatus, ship l_shipdate, ordered + (30 + rnd(n, 87) % 61)::INTEGER l_commitdate, receipt l_receiptdate, replace(pick(${list('DELIVER_IN_PERSON COLLECT_COD NONE TAKE_BACK_RETURN')}, n, 90), '_', ' ') l_shipinstruct, pick(${list('REG~AIR AIR RAIL SHIP TRUCK MAIL FOB').replace('~', ' ')}, n, 91) l_shipmode, words(n, 92) l_comment FROM (SELECT *, ship + (1 + rnd(n, 88) % 30)::INTEGER receipt FROM (SELECT o, j, o * 8 + j n, 1 + rnd(o * 8 + j, 81) % ${parts} part, 1 + rnd(o * 8 + j, 83) % 50 quantity, ordered, ordered + (1 + rnd(o * 8 + j, 86) % 121)::INTEGER ship FROM (SELECT o, DATE '1992-01-01' + (rnd(o, 80) % 2406)::INTEGER ordered FROM range(1, ${orders + 1}) t(o)), range(1, 8) l(j) WHERE j <= 1 + rnd(o, 79) % 7))`,
    // After lineitem, which decides the total and the status.
    orders: `SELECT o::INTEGER o_orderkey, (1 + CASE WHEN c % 3 = 0 THEN (c + 1) % ${customers} ELSE c END)::INTEGER o_custkey, CASE WHEN open = 0 THEN 'F' WHEN open = lines THEN 'O' ELSE 'P' END o_orderstatus, total::DECIMAL(15,2) o_totalprice, DATE '1992-01-01' + (rnd(o, 80) % 2406)::INTEGER o_orderdate, pick(${list('1-URGENT 2-HIGH 3-MEDIUM 4-NOT~SPECIFIED 5-LOW').replace('~', ' ')}, o, 95) o_orderpriority, format('Clerk#{:09d}', 1 + rnd(o, 96) % 1000) o_clerk, 0 o_shippriority, words(o, 97) o_comment FROM (SELECT l_orderkey o, rnd(l_orderkey, 98) % ${customers} c, count(*) lines, count(*) FILTER (WHERE l_linestatus = 'O') open, sum(l_extendedprice * (1 + l_tax) * (1 - l_discount)) total FROM lineitem GROUP BY l_orderkey)`,
  };
}
