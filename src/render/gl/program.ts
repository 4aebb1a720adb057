/** Shaders, the float target, and the way back: what every GL counter needs. */
import { NairobiError } from '../../errors.ts';
import { GL, type GlCalls, stringPointer } from '../../kernel/gl.ts';
import type { GlContext } from './context.ts';

export interface Target {
  readonly width: number;
  readonly height: number;
}

/**
 * A linked program whose vertices are pixels that add their `flat out float weight`; `attributes`
 * get the locations 0, 1, 2 …
 */
export function linkProgram(
  context: GlContext,
  vertex: string,
  attributes: readonly string[],
): number {
  const { gl } = context;
  const head = context.es
    ? '#version 300 es\nprecision highp float;\nprecision highp int;\n'
    : '#version 330 core\n';
  const program = gl.glCreateProgram() as number;
  const fragment = 'flat in float weight;\nout float count;\nvoid main() { count = weight; }\n';
  gl.glAttachShader(program, compile(gl, GL.VERTEX_SHADER, head + vertex));
  gl.glAttachShader(program, compile(gl, GL.FRAGMENT_SHADER, head + fragment));
  attributes.forEach((name, location) => {
    gl.glBindAttribLocation(program, location, name);
  });
  gl.glLinkProgram(program);
  const linked = new Int32Array(1);
  gl.glGetProgramiv(program, GL.LINK_STATUS, linked);
  if (linked[0] === 0) throw new NairobiError('HOST', `${context.renderer} cannot link a shader`);
  gl.glUseProgram(program);
  return program;
}

function compile(gl: GlCalls, type: number, source: string): number {
  const shader = gl.glCreateShader(type) as number;
  const { pointer, text } = stringPointer(source);
  gl.glShaderSource(shader, 1, pointer, Int32Array.of(text.length - 1));
  gl.glCompileShader(shader);
  const compiled = new Int32Array(1);
  gl.glGetShaderiv(shader, GL.COMPILE_STATUS, compiled);
  if (compiled[0] !== 0) return shader;
  const log = Buffer.alloc(1024);
  gl.glGetShaderInfoLog(shader, log.length, null, log);
  throw new NairobiError(
    'HOST',
    `The GL driver refuses a shader: ${log.toString('utf8').split('\0')[0]}`,
  );
}

/** Draws from now on add into a texture of 32-bit floats, cleared to zero. */
export function bindFloatTarget({ gl, renderer }: GlContext, { width, height }: Target): void {
  const texture = one(gl, 'glGenTextures');
  gl.glBindTexture(GL.TEXTURE_2D, texture);
  gl.glTexImage2D(GL.TEXTURE_2D, 0, GL.R32F, width, height, 0, GL.RED, GL.FLOAT, null);
  gl.glTexParameteri(GL.TEXTURE_2D, GL.TEXTURE_MIN_FILTER, GL.NEAREST);
  gl.glTexParameteri(GL.TEXTURE_2D, GL.TEXTURE_MAG_FILTER, GL.NEAREST);
  gl.glBindFramebuffer(GL.FRAMEBUFFER, one(gl, 'glGenFramebuffers'));
  gl.glFramebufferTexture2D(GL.FRAMEBUFFER, GL.COLOR_ATTACHMENT0, GL.TEXTURE_2D, texture, 0);
  if (gl.glCheckFramebufferStatus(GL.FRAMEBUFFER) !== GL.FRAMEBUFFER_COMPLETE) {
    throw new NairobiError('HOST', `${renderer} cannot draw into floats of ${width} x ${height}`);
  }
  gl.glViewport(0, 0, width, height);
  gl.glEnable(GL.BLEND);
  gl.glBlendFunc(GL.ONE, GL.ONE);
  gl.glBindVertexArray(one(gl, 'glGenVertexArrays'));
  clear(gl);
}

export function clear(gl: GlCalls): void {
  gl.glClearColor(0, 0, 0, 0);
  gl.glClear(GL.COLOR_BUFFER_BIT);
}

/** The counts of the target, bottom row first. */
export function readCounts({ gl }: GlContext, { width, height }: Target): Float32Array {
  const pixels = new Float32Array(width * height);
  gl.glPixelStorei(GL.PACK_ALIGNMENT, 1);
  gl.glReadPixels(0, 0, width, height, GL.RED, GL.FLOAT, pixels);
  return pixels;
}

export function one(
  gl: GlCalls,
  call: 'glGenTextures' | 'glGenFramebuffers' | 'glGenVertexArrays' | 'glGenBuffers',
): number {
  const names = new Uint32Array(1);
  gl[call](1, names);
  return names[0] ?? 0;
}

/** The longest side of a texture. */
export function maxSide({ gl }: GlContext): number {
  const side = new Int32Array(1);
  gl.glGetIntegerv(GL.MAX_TEXTURE_SIZE, side);
  return side[0] ?? 0;
}
