/** The machine code of records.ts: where it can run, and how it comes to be in memory. */
import { closeSync, openSync, readSync } from 'node:fs';
import { mmap, mprotect } from './calls.ts';
import { MAP } from './constants.ts';
import { type NativeCode, nativeCode, viewOf } from './syscall.ts';

/** The bytes of asm/records-x64.s; a test assembles it and compares. */
export const CHECK_CODE =
  '53554154415541564157c4e27d784738c4e27d784f39c4e27d78573ac4e27d785f3bc4627d787f3cc4627d78673d' +
  'c4627d786f3e488b374c8b47104c8b4f204c8b57284c8b5f18488b5f40488b6f484c8b67504c8b770848837f5800' +
  '7419ba16000000e86c060000488b4760480347584c39f04c0f42f0488d46404c39f00f87fe040000c5fe6f26c5fe' +
  '6f6e20c5dd74f0c5d574f8c5fdd7c6c5fdd7cf48c1e1204809c8c5dd74f1c5d574f9c5fdd7d6c5fdd7cf48c1e120' +
  '4809cac5dd74f2c5d574fac5cddbf3c5c5dbfbc54debc7c4427d17c00f85000500004885db0f85f70400004531e4' +
  '4889c14809d1f34c0fb8e9c462eaf5f94b8b04c1c4e290f5c04c39f80f85a4040000f3480fb8d24901d3488b8780' +
  '0000004a8b04c0c4e2fbf5c14885c00f8513010000488b87880000004a8b04c0c4e2fbf5c14885c00f85d8020000' +
  '488b87b80000004885c075184889cd48c1ed3f4d01e8470fb704424883c640e911ffffff4a8b04c0488b97c00000' +
  '004a8b14c2c4e2fbf5c1c4e2ebf5d14889c54809d574c75141554c8bbfd0000000488bafc80000004885ed746448' +
  '85c07477f3480fbcc8c4e2f8f3c8488d4c0e014829e94d8d2c0f4c3bafd8000000776ec5fe6f7500c4c17e7f3748' +
  '83c5204983c7204d39ef72e94d89ef48ff8fe0000000751d488bafe80000004889afe0000000408a6f3941886fff' +
  '4c89bff000000031ed4885d27411f3480fbceac4e2e8f3ca488d6c2e01eb844889afc80000004c89bfd000000041' +
  '5d59e91fffffff415d59b803000000e979030000f3480fbcd0488d54160131ed803a2d400f94c54801eac5fe6f32' +
  'c4c14df8fcc44145dac5c4c14574f8c5fdd7eff7d5f30fbced440fb63c2a42f6843f0001000001743383fd10731f' +
  '0fb72a81ed3030000066c1c5086683fd0a726dc4e2f8f3c8759ee986feffffc4c14974fcc5f9d7ef85ed75d4eb52' +
  '42f6843f0001000004744785ed75bef3480fbce8488d6c2e014839d5753448ffc2c5fe6f32c4c14df8fcc44145da' +
  'c5c4c14574f8c5fdd7eff7d5f30fbced440fb63c2a42f6843f00010000040f857bffffffe82f020000748c535141' +
  '5531dbb9050000004c8daa80000000440fb63a42f6843f0001000004740848ffc2b904000000440fb63a42848c3f' +
  '000100000f85c40000004c39ea0f83b800000048ffc24183ff2074dc4183ff0974d64183ff2b740b4183ff2d7408' +
  '48ffcaeb0383cb01440fb73a4181ef303000006641c1c708664183ff0a730383cb014c8d7a104157440fb63a4183' +
  'ef304183ff0a730c48ffc2483b142472e983cb02415f4c39ea7354440fb63a42848c3f00010000754948ffc24183' +
  'cf204183ff6575e04531ff803a2b410f94c7468b3c3a41c1e7084181f70030303041574181c7007676764c0b3c24' +
  '488d64240841f7c70080808075ac83cb02eb0383cb03415d5989da5be852010000e97dfeffffe8190100000f8403' +
  '01000041f7c708000000741b0fb612f684170001000002ba080000000f84df000000e9df000000c57d6fd0c57d6f' +
  'd9440fb63a42f6843f00010000020f85c400000042f6843f0001000004740b48ffc2c57d6fd2c57d6fdac5fe6f32' +
  'c5fe6f7a20534155c4414d74c2c4414d74cbc4413debc1c4417dd7e8c4414574c2c4414574cbc4413debc1c4417d' +
  'd7f849c1e7204d09efc4c14d74f4c4c14574fcc5fdd7dec57dd7ef49c1e5204c09ebc4c290f3d74c21eb4983ff01' +
  '4519ff4183e7044885db7437f34c0fbceb4e8b6c2a014c33afa000000041554c03afa80000004c0b2c24488d6424' +
  '08c4e2e0f3cb4c85afb000000075ca41bf040000004489fa415d5be83f000000c4e2f8f3c80f85e7feffffe90afc' +
  'ffffc4e2d0f3d04821cdf3480fb8ed4c01c5410fb72c6af3480fbcd0488d5416014c8bbf90000000450fb63c2f45' +
  '85ffc34c8bbf900000004122142f4130142f4c8bbf980000004108142fc34c3b7708742bba04000000e842010000' +
  '488b47584801476048837f30000f84aefaffffb802000000eb09b801000000eb0231c04889374c8947104c895f18' +
  '48895f4048896f484c896750c5f877415f415e415d415c5d5bc3c57dd7eec5fdd7cf48c1e1204909cdc441f96ec5' +
  'c4413174c9c4433944c100c441f97ec74931df4889c14809d148894f684801c94809e9c4c280f2ed488d5c2d0048' +
  '09d94c09e14d89ec4d21fcc4c2f0f2cc48894f70c4c15d74f7c4c15574ffc57dd7e6c5fdd7cf48c1e1204909cc31' +
  'db0fb64e403a4f390f94c348d1cb4889d148d1e94809d94921cc4d09e54c0b6f6849d1ed4909dd0fb64e4031db3a' +
  '4f380f94c34531e43a4f3a410f94c44c09e3440fb766408a6f39b10d664139cc0f94c10fb6c94809cb48d1cb4909' +
  'ddc46290f2ed4c0b6f700f85f6feffff4c89fb48c1fb3f4989ec49c1ec3fc4e280f2d2c4e280f24f68e918faffff' +
  '57564153488b7778482b7760483b7758480f477758488b7f60b81c0000000f05415b5e5fc3';

/** Of processors without these the WebAssembly kernel does the work. */
const NEEDED = ['avx2', 'bmi1', 'bmi2', 'pclmulqdq', 'popcnt'];

/** AMD's before family 25 (Zen 3) carry PEXT out bit by bit. */
const AMD_FAMILY_MIN = 25;

let installed: NativeCode | undefined | 'refused';

/** undefined where there is no code for the processor, or the host lets no code be added. */
export function checkCode(): NativeCode | undefined {
  if (installed === undefined) installed = isAble() ? (mapCode() ?? 'refused') : 'refused';
  return installed === 'refused' ? undefined : installed;
}

/** Writable or executable, never both; undefined where the host forbids even this. */
function mapCode(): NativeCode | undefined {
  const code = Buffer.from(CHECK_CODE, 'hex');
  const flags = MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS;
  const address = mmap(code.length, { protection: MAP.PROT_READ | MAP.PROT_WRITE, flags });
  if (address < 0) return undefined;
  new Uint8Array(viewOf(BigInt(address), code.length)).set(code);
  const executable = MAP.PROT_READ | MAP.PROT_EXEC;
  if (mprotect(BigInt(address), code.length, executable) < 0) return undefined;
  return nativeCode(BigInt(address));
}

/** The kernel lists only what both it and the processor can do. */
function isAble(): boolean {
  if (process.arch !== 'x64') return false;
  const first = Buffer.alloc(8192);
  try {
    const file = openSync('/proc/cpuinfo', 'r');
    readSync(file, first, 0, first.length, 0);
    closeSync(file);
  } catch {
    return false;
  }
  const text = first.toString('latin1');
  const value = (key: string): string =>
    new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '';
  const flags = new Set(value('flags').split(' '));
  if (!NEEDED.every((flag) => flags.has(flag))) return false;
  return value('vendor_id') !== 'AuthenticAMD' || Number(value('cpu family')) >= AMD_FAMILY_MIN;
}
