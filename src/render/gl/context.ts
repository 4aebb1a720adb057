/** A GL context without a window, from EGL or OSMesa, and what its driver says it is. */
import { messageOf } from '../../errors.ts';
import {
  bindEglExtensions,
  bindGl,
  EGL,
  type EglCalls,
  type EglExtensionCalls,
  GL,
  type GlCalls,
  type Handle,
  loadEgl,
  loadOsMesa,
  OSMESA,
  pinnedMemory,
} from '../../kernel/gl.ts';

export type GlKind = 'egl-device' | 'egl-surfaceless' | 'osmesa';

export interface GlContext extends Disposable {
  readonly gl: GlCalls;
  readonly kind: GlKind;
  /** GL_RENDERER, such as "llvmpipe (LLVM 15.0.6, 256 bits)". */
  readonly renderer: string;
  readonly version: string;
  /** True when no graphics hardware is behind it. */
  readonly software: boolean;
  /** OpenGL ES instead of desktop OpenGL. */
  readonly es: boolean;
}

/**
 * The names of renderers that run on the processor; EGL's own device flags are not to be trusted.
 */
const SOFTWARE = /llvmpipe|softpipe|swrast|software rasterizer|\bSWR\b|lavapipe|SwiftShader/i;

/**
 * The first context that opens, and why the others did not. `hardware` true takes only one that
 * is not software.
 */
export function openEglContext(hardware: boolean): {
  context?: GlContext;
  reasons: readonly string[];
} {
  const reasons: string[] = [];
  let egl: EglCalls;
  try {
    egl = loadEgl();
  } catch (error) {
    return { reasons: [`libEGL: ${messageOf(error)}`] };
  }
  const extensions = bindEglExtensions(egl);
  if (extensions === undefined) return { reasons: ['EGL has no device and platform extensions'] };
  for (const [kind, display] of displays(egl, extensions)) {
    const opened = openDisplay(egl, kind, display);
    if (typeof opened === 'string') {
      reasons.push(opened);
      continue;
    }
    if (!hardware || !opened.software) return { context: opened, reasons };
    reasons.push(`${kind}: ${opened.renderer} is software`);
    opened[Symbol.dispose]();
  }
  return { reasons };
}

/** Hardware devices, Mesa's surfaceless platform, then devices that call themselves software. */
function* displays(egl: EglCalls, extensions: EglExtensionCalls): Generator<[GlKind, Handle]> {
  const found = new BigUint64Array(16);
  const count = new Int32Array(1);
  const listed = extensions.eglQueryDevicesEXT(found.length, found, count) !== 0;
  const devices = [...found.subarray(0, listed ? count[0] : 0)];
  const isSoftware = (device: bigint): boolean =>
    String(extensions.eglQueryDeviceStringEXT(device, EGL.EXTENSIONS)).includes(
      'EGL_MESA_device_software',
    );
  const display = (device: bigint): [GlKind, Handle] => [
    'egl-device',
    extensions.eglGetPlatformDisplayEXT(EGL.PLATFORM_DEVICE, device, null) as Handle,
  ];
  for (const device of devices) if (!isSoftware(device)) yield display(device);
  if (
    String(egl.eglQueryString(null, EGL.EXTENSIONS) ?? '').includes('EGL_MESA_platform_surfaceless')
  ) {
    yield [
      'egl-surfaceless',
      extensions.eglGetPlatformDisplayEXT(EGL.PLATFORM_SURFACELESS, null, null) as Handle,
    ];
  }
  for (const device of devices) if (isSoftware(device)) yield display(device);
}

/** Desktop GL 3.3 core, else GLES 3.0. */
const API_CHOICES = [
  { es: false, api: EGL.OPENGL_API, bit: EGL.OPENGL_BIT, major: 3, minor: 3 },
  { es: true, api: EGL.OPENGL_ES_API, bit: EGL.OPENGL_ES3_BIT, major: 3, minor: 0 },
] as const;

function openDisplay(egl: EglCalls, kind: GlKind, display: Handle): GlContext | string {
  if (display === null) return `${kind}: no display`;
  if (egl.eglInitialize(display, null, null) === 0) return `${kind}: eglInitialize failed`;
  const extensions = String(egl.eglQueryString(display, EGL.EXTENSIONS) ?? '');
  if (!extensions.includes('EGL_KHR_surfaceless_context')) {
    egl.eglTerminate(display);
    return `${kind}: needs a surface`;
  }
  for (const choice of API_CHOICES) {
    const handle = createContext(
      egl,
      display,
      choice,
      extensions.includes('EGL_KHR_no_config_context'),
    );
    if (handle === null) continue;
    const gl =
      egl.eglMakeCurrent(display, null, null, handle) === 0
        ? undefined
        : bindGl((name) => egl.eglGetProcAddress(name) as Handle);
    const close = (): void => {
      egl.eglMakeCurrent(display, null, null, null);
      egl.eglDestroyContext(display, handle);
      egl.eglTerminate(display);
    };
    if (gl !== undefined && (!choice.es || floatTargets(gl)))
      return described(gl, kind, choice.es, close);
    egl.eglMakeCurrent(display, null, null, null);
    egl.eglDestroyContext(display, handle);
  }
  egl.eglTerminate(display);
  return `${kind}: neither GL 3.3 nor GLES 3 with float targets`;
}

function createContext(
  egl: EglCalls,
  display: Handle,
  choice: (typeof API_CHOICES)[number],
  configless: boolean,
): Handle {
  if (egl.eglBindAPI(choice.api) === 0) return null;
  const config = configless ? null : chooseConfig(egl, display, choice.bit);
  if (config === undefined) return null;
  const profile = choice.es ? [] : [EGL.CONTEXT_PROFILE_MASK, EGL.CORE_PROFILE_BIT];
  const attributes = Int32Array.of(
    EGL.CONTEXT_MAJOR_VERSION,
    choice.major,
    EGL.CONTEXT_MINOR_VERSION,
    choice.minor,
    ...profile,
    EGL.NONE,
  );
  return egl.eglCreateContext(display, config, null, attributes) as Handle;
}

function chooseConfig(egl: EglCalls, display: Handle, bit: number): Handle | undefined {
  const wanted = Int32Array.of(
    EGL.SURFACE_TYPE,
    EGL.PBUFFER_BIT,
    EGL.RENDERABLE_TYPE,
    bit,
    EGL.NONE,
  );
  const configs = new BigUint64Array(1);
  const count = new Int32Array(1);
  if (egl.eglChooseConfig(display, wanted, configs, 1, count) === 0 || count[0] === 0)
    return undefined;
  return configs[0] ?? undefined;
}

/** GLES blends into 32-bit floats by two extensions; without them counts would stop at 2048. */
function floatTargets(gl: GlCalls): boolean {
  const count = new Int32Array(1);
  gl.glGetIntegerv(GL.NUM_EXTENSIONS, count);
  const names = new Set(
    Array.from({ length: count[0] ?? 0 }, (_, i) => String(gl.glGetStringi(GL.EXTENSIONS, i))),
  );
  return names.has('GL_EXT_color_buffer_float') && names.has('GL_EXT_float_blend');
}

/** OSMesa draws into memory of ours; everything goes to a framebuffer object, so 16 x 16 do. */
const OSMESA_SIDE = 16;

export function openOsMesaContext(): { context?: GlContext; reasons: readonly string[] } {
  try {
    const osmesa = loadOsMesa();
    const attributes = Int32Array.of(
      OSMESA.FORMAT,
      OSMESA.RGBA,
      OSMESA.PROFILE,
      OSMESA.CORE_PROFILE,
      OSMESA.CONTEXT_MAJOR_VERSION,
      3,
      OSMESA.CONTEXT_MINOR_VERSION,
      3,
      OSMESA.DEPTH_BITS,
      0,
      0,
    );
    const handle = osmesa.OSMesaCreateContextAttribs(attributes, null) as Handle;
    if (handle === null) return { reasons: ['osmesa: no GL 3.3 context'] };
    const memory = pinnedMemory(OSMESA_SIDE * OSMESA_SIDE * 4);
    const close = (): void => {
      osmesa.OSMesaDestroyContext(handle);
    };
    const current = osmesa.OSMesaMakeCurrent(
      handle,
      memory,
      OSMESA.UNSIGNED_BYTE,
      OSMESA_SIDE,
      OSMESA_SIDE,
    );
    const gl =
      current === 0 ? undefined : bindGl((name) => osmesa.OSMesaGetProcAddress(name) as Handle);
    if (gl === undefined) {
      close();
      return { reasons: ['osmesa: GL 3.3 is not complete'] };
    }
    return { context: described(gl, 'osmesa', false, close), reasons: [] };
  } catch (error) {
    return { reasons: [`libOSMesa: ${messageOf(error)}`] };
  }
}

function described(gl: GlCalls, kind: GlKind, es: boolean, close: () => void): GlContext {
  const renderer = String(gl.glGetString(GL.RENDERER) ?? 'unknown');
  return {
    gl,
    kind,
    renderer,
    version: String(gl.glGetString(GL.VERSION) ?? 'unknown'),
    software: SOFTWARE.test(renderer),
    es,
    [Symbol.dispose]: close,
  };
}
