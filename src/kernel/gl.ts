/**
 * OpenGL, EGL and OSMesa through koffi: the prototypes that src/render/gl needs and no more.
 * Constants are those of the Khronos registry (gl.xml, egl.xml) and Mesa's GL/osmesa.h.
 */
import { koffiModule } from './syscall.ts';

/** A pointer to something of the driver's. */
export type Handle = bigint | null;

export const EGL = {
  OPENGL_API: 0x30a2,
  OPENGL_ES_API: 0x30a0,
  EXTENSIONS: 0x3055,
  PLATFORM_DEVICE: 0x313f,
  PLATFORM_SURFACELESS: 0x31dd,
  SURFACE_TYPE: 0x3033,
  PBUFFER_BIT: 0x0001,
  RENDERABLE_TYPE: 0x3040,
  OPENGL_BIT: 0x0008,
  OPENGL_ES3_BIT: 0x0040,
  CONTEXT_MAJOR_VERSION: 0x3098,
  CONTEXT_MINOR_VERSION: 0x30fb,
  CONTEXT_PROFILE_MASK: 0x30fd,
  CORE_PROFILE_BIT: 1,
  NONE: 0x3038,
} as const;

export const OSMESA = {
  RGBA: 0x1908,
  FORMAT: 0x22,
  DEPTH_BITS: 0x30,
  PROFILE: 0x33,
  CORE_PROFILE: 0x34,
  CONTEXT_MAJOR_VERSION: 0x36,
  CONTEXT_MINOR_VERSION: 0x37,
  UNSIGNED_BYTE: 0x1401,
} as const;

export const GL = {
  POINTS: 0x0000,
  TRIANGLES: 0x0004,
  ONE: 1,
  BLEND: 0x0be2,
  TEXTURE_2D: 0x0de1,
  FLOAT: 0x1406,
  UNSIGNED_BYTE: 0x1401,
  SHORT: 0x1402,
  RED: 0x1903,
  R32F: 0x822e,
  MAX_TEXTURE_SIZE: 0x0d33,
  VENDOR: 0x1f00,
  RENDERER: 0x1f01,
  VERSION: 0x1f02,
  NEAREST: 0x2600,
  TEXTURE_MAG_FILTER: 0x2800,
  TEXTURE_MIN_FILTER: 0x2801,
  COLOR_BUFFER_BIT: 0x4000,
  PACK_ALIGNMENT: 0x0d05,
  ARRAY_BUFFER: 0x8892,
  STREAM_DRAW: 0x88e0,
  FRAGMENT_SHADER: 0x8b30,
  VERTEX_SHADER: 0x8b31,
  COMPILE_STATUS: 0x8b81,
  LINK_STATUS: 0x8b82,
  COLOR_ATTACHMENT0: 0x8ce0,
  FRAMEBUFFER_COMPLETE: 0x8cd5,
  FRAMEBUFFER: 0x8d40,
  PROGRAM_POINT_SIZE: 0x8642,
  NUM_EXTENSIONS: 0x821d,
  EXTENSIONS: 0x1f03,
} as const;

type Native = (...args: readonly unknown[]) => unknown;
type Prototype = readonly [string, readonly string[]];

const EGL_CALLS = {
  eglGetProcAddress: ['void *', ['str']],
  eglQueryString: ['str', ['void *', 'int']],
  eglInitialize: ['uint', ['void *', 'void *', 'void *']],
  eglTerminate: ['uint', ['void *']],
  eglBindAPI: ['uint', ['uint']],
  eglChooseConfig: ['uint', ['void *', 'void *', 'void *', 'int', 'void *']],
  eglCreateContext: ['void *', ['void *', 'void *', 'void *', 'void *']],
  eglDestroyContext: ['uint', ['void *', 'void *']],
  eglMakeCurrent: ['uint', ['void *', 'void *', 'void *', 'void *']],
  eglGetError: ['int', []],
} as const satisfies Record<string, Prototype>;

/** Found through eglGetProcAddress: extensions of clients, absent on old libraries. */
const EGL_EXTENSION_CALLS = {
  eglQueryDevicesEXT: ['uint', ['int', 'void *', 'void *']],
  eglQueryDeviceStringEXT: ['str', ['void *', 'int']],
  eglGetPlatformDisplayEXT: ['void *', ['uint', 'void *', 'void *']],
} as const satisfies Record<string, Prototype>;

const OSMESA_CALLS = {
  OSMesaCreateContextAttribs: ['void *', ['void *', 'void *']],
  OSMesaMakeCurrent: ['uint8', ['void *', 'void *', 'uint', 'int', 'int']],
  OSMesaDestroyContext: ['void', ['void *']],
  OSMesaGetProcAddress: ['void *', ['str']],
} as const satisfies Record<string, Prototype>;

const GL_CALLS = {
  glGetString: ['str', ['uint']],
  glGetStringi: ['str', ['uint', 'uint']],
  glGetIntegerv: ['void', ['uint', 'void *']],
  glGetError: ['uint', []],
  glCreateShader: ['uint', ['uint']],
  glShaderSource: ['void', ['uint', 'int', 'void *', 'void *']],
  glCompileShader: ['void', ['uint']],
  glGetShaderiv: ['void', ['uint', 'uint', 'void *']],
  glGetShaderInfoLog: ['void', ['uint', 'int', 'void *', 'void *']],
  glCreateProgram: ['uint', []],
  glAttachShader: ['void', ['uint', 'uint']],
  glBindAttribLocation: ['void', ['uint', 'uint', 'str']],
  glLinkProgram: ['void', ['uint']],
  glGetProgramiv: ['void', ['uint', 'uint', 'void *']],
  glUseProgram: ['void', ['uint']],
  glGetUniformLocation: ['int', ['uint', 'str']],
  glUniform1f: ['void', ['int', 'float']],
  glUniform2f: ['void', ['int', 'float', 'float']],
  glUniform1fv: ['void', ['int', 'int', 'void *']],
  glGenVertexArrays: ['void', ['int', 'void *']],
  glBindVertexArray: ['void', ['uint']],
  glGenBuffers: ['void', ['int', 'void *']],
  glBindBuffer: ['void', ['uint', 'uint']],
  glBufferData: ['void', ['uint', 'int64', 'void *', 'uint']],
  glEnableVertexAttribArray: ['void', ['uint']],
  glDisableVertexAttribArray: ['void', ['uint']],
  glVertexAttribPointer: ['void', ['uint', 'int', 'uint', 'uint8', 'int', 'void *']],
  glVertexAttrib1f: ['void', ['uint', 'float']],
  glVertexAttribDivisor: ['void', ['uint', 'uint']],
  glGenTextures: ['void', ['int', 'void *']],
  glBindTexture: ['void', ['uint', 'uint']],
  glTexImage2D: ['void', ['uint', 'int', 'int', 'int', 'int', 'int', 'uint', 'uint', 'void *']],
  glTexParameteri: ['void', ['uint', 'uint', 'int']],
  glGenFramebuffers: ['void', ['int', 'void *']],
  glBindFramebuffer: ['void', ['uint', 'uint']],
  glFramebufferTexture2D: ['void', ['uint', 'uint', 'uint', 'uint', 'int']],
  glCheckFramebufferStatus: ['uint', ['uint']],
  glViewport: ['void', ['int', 'int', 'int', 'int']],
  glClearColor: ['void', ['float', 'float', 'float', 'float']],
  glClear: ['void', ['uint']],
  glEnable: ['void', ['uint']],
  glBlendFunc: ['void', ['uint', 'uint']],
  glDrawArrays: ['void', ['uint', 'int', 'int']],
  glDrawArraysInstanced: ['void', ['uint', 'int', 'int', 'int']],
  glPixelStorei: ['void', ['uint', 'int']],
  glReadPixels: ['void', ['int', 'int', 'int', 'int', 'uint', 'uint', 'void *']],
  glFinish: ['void', []],
} as const satisfies Record<string, Prototype>;

type Bound<Calls> = { readonly [Name in keyof Calls]: Native };
export type EglCalls = Bound<typeof EGL_CALLS>;
export type EglExtensionCalls = Bound<typeof EGL_EXTENSION_CALLS>;
export type OsMesaCalls = Bound<typeof OSMESA_CALLS>;
export type GlCalls = Bound<typeof GL_CALLS>;

/** libEGL, or the loader's reason why not. */
export function loadEgl(): EglCalls {
  // Read by Mesa when it loads: the driver's chatter would spoil stderr.
  process.env['EGL_LOG_LEVEL'] ??= 'fatal';
  return bindLibrary(['libEGL.so.1', 'libEGL.so'], EGL_CALLS);
}

/** libOSMesa under any of its names, or the loader's reason why not. */
export function loadOsMesa(): OsMesaCalls {
  return bindLibrary(['libOSMesa.so.8', 'libOSMesa.so.6', 'libOSMesa.so'], OSMESA_CALLS);
}

function bindLibrary<Calls extends Record<string, Prototype>>(
  names: readonly string[],
  calls: Calls,
): Bound<Calls> {
  const koffi = koffiModule();
  let failure: unknown;
  for (const name of names) {
    try {
      const library = koffi.load(name);
      const bound = Object.entries(calls).map(([call, [result, args]]) => [
        call,
        library.func(call, result, [...args]),
      ]);
      return Object.fromEntries(bound) as Bound<Calls>;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** The extension calls of EGL; undefined when the library lacks one of them. */
export function bindEglExtensions(egl: EglCalls): EglExtensionCalls | undefined {
  return bindPointers(EGL_EXTENSION_CALLS, (name) => egl.eglGetProcAddress(name) as Handle);
}

/** The GL calls of the current context; undefined when the driver lacks one of them. */
export function bindGl(getProcAddress: (name: string) => Handle): GlCalls | undefined {
  return bindPointers(GL_CALLS, getProcAddress);
}

function bindPointers<Calls extends Record<string, Prototype>>(
  calls: Calls,
  find: (name: string) => Handle,
): Bound<Calls> | undefined {
  const koffi = koffiModule();
  const bound: [string, Native][] = [];
  for (const [name, [result, args]] of Object.entries(calls)) {
    const pointer = find(name);
    if (pointer === null || pointer === 0n) return undefined;
    bound.push([name, koffi.decode(pointer, koffi.proto(result, [...args])) as Native]);
  }
  return Object.fromEntries(bound) as Bound<Calls>;
}

/** Memory that stays where it is while a driver keeps its address, as OSMesa does. */
export function pinnedMemory(byteLength: number): Handle {
  return koffiModule().alloc('uint8', byteLength) as Handle;
}

/** A C string and the pointer to it, as glShaderSource takes them; keep both until it returned. */
export function stringPointer(text: string): {
  readonly pointer: BigUint64Array;
  readonly text: Buffer;
} {
  const bytes = Buffer.from(`${text}\0`);
  return { pointer: BigUint64Array.of(koffiModule().address(bytes)), text: bytes };
}
