/**
 * D-Bus: the same methods with the same JSON, descriptors as type h. The bus vouches for who
 * calls, and says when a caller is gone.
 */
import { METHODS } from '../client/protocol.ts';
import { Spin } from '../client/spin.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { close } from '../kernel/calls.ts';
import { Bus, type BusKind } from '../kernel/sd-bus.ts';
import type { BusMessage } from '../kernel/sd-bus-message.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { Call, Client, Dispatcher, Door } from './door.ts';
import { protocolError } from './failures.ts';
import { isObject } from './params.ts';

export const BUS_NAME = 'org.nairobi.Refinery1';
const PATH = '/org/nairobi/Refinery1';
const CALLERS_MAX = 512;
/** The way of an answer and the next call through the bus. */
const LOOK_MS = 0.15;
const REQUEST_BYTES_MAX = 1024 * 1024;

export interface BusOptions {
  readonly kind: BusKind;
  /** From claimBus. */
  readonly bus: Bus;
  readonly version: string;
  readonly log: (text: string) => void;
}

const GONE =
  "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''";

export function openBusDoor(dispatcher: Dispatcher, options: BusOptions): Door {
  const { bus } = options;
  const callers = new Map<string, Client>();
  const spin = new Spin(LOOK_MS);
  const caller = (message: BusMessage): Client => {
    const known = callers.get(message.sender);
    if (known !== undefined) return known;
    if (callers.size >= CALLERS_MAX) {
      throw new NairobiError('LOCKED', `${CALLERS_MAX} clients call already`);
    }
    const client = dispatcher.connected({ ...message.credentials(), door: 'dbus' });
    callers.set(message.sender, client);
    return client;
  };
  const hear = (message: BusMessage): void => {
    if (message.kind === 'signal') {
      // Anybody may send one of this name: only the bus itself knows who is gone.
      const isGone = message.member === 'NameOwnerChanged' && message.sender === FREEDESKTOP;
      const [name = ''] = isGone ? message.texts() : [];
      callers.get(name)?.gone();
      callers.delete(name);
      message.done();
      return;
    }
    void answer(message, caller, options.version, dispatcher)
      .then(() => dispatcher.isBusy || spin.until(bus, () => bus.look()))
      .catch((error: unknown) => options.log(`an answer was lost: ${messageOf(error)}`));
  };
  bus.start(hear, (error) => options.log(`the ${options.kind} bus is gone: ${messageOf(error)}`));
  return {
    address: `${BUS_NAME} on the ${options.kind} bus`,
    close(): Promise<void> {
      for (const client of callers.values()) client.gone();
      callers.clear();
      bus.close();
      return Promise.resolve();
    },
  };
}

/**
 * Has the name from now on, under which calls wait until a door is open. NairobiError HOST where
 * there is no bus, LOCKED where another daemon has the name.
 */
export function claimBus(kind: BusKind): Bus {
  const bus = new Bus(kind);
  try {
    // Before anybody can call: nobody leaves unnoticed.
    bus.listen(GONE);
    bus.own(BUS_NAME);
    return bus;
  } catch (cause) {
    bus.close();
    throw new NairobiError('LOCKED', `${BUS_NAME} is not to be had on the ${kind} bus`, {
      cause,
      hint:
        kind === 'system'
          ? 'another daemon has it, or the policy is missing: contrib/dbus'
          : 'another daemon has it: stop that one, or pass --bus none',
    });
  }
}

async function answer(
  message: BusMessage,
  caller: (message: BusMessage) => Client,
  version: string,
  dispatcher: Dispatcher,
): Promise<void> {
  try {
    if (message.path !== PATH && !PATH.startsWith(`${message.path}/`) && message.path !== '/') {
      message.fail(`${FREEDESKTOP}.Error.UnknownObject`, `There is no ${message.path}`);
    } else if (message.interface.startsWith(FREEDESKTOP)) standard(message, version);
    else if (message.path !== PATH || (message.interface || BUS_NAME) !== BUS_NAME)
      unknown(message);
    else {
      dispatcher.announce(message.member);
      await call(message, caller);
    }
  } finally {
    message.done();
  }
}

async function call(message: BusMessage, caller: (message: BusMessage) => Client): Promise<void> {
  let fds: readonly Fd[] = [];
  try {
    const client = caller(message);
    const reply = await client.call(message.cookie, {
      ...callOf(message),
      onSoon: () => message.prepare(),
    });
    fds = reply.fds;
    message.reply([reply.json], fds);
  } catch (error) {
    const { code, message: text, hint, where } = protocolError(error);
    const place = where?.file === undefined ? '' : `\n  at ${where.file}`;
    const advice = hint === undefined ? '' : `\n  hint: ${hint}`;
    message.fail(`${BUS_NAME}.Error.${code}`, text + place + advice);
  } finally {
    for (const fd of fds) close(fd);
  }
}

/** What it prints follows its answer as it is, which a message of a D-Bus has no place for. */
const ON_SOCKET = 'Command';

/** Open of the file behind a descriptor: a method of a D-Bus has one list of arguments. */
const OPEN_FILE = 'OpenFile';

function callOf(message: BusMessage): Call {
  const { member, signature } = message;
  if (member === ON_SOCKET) {
    throw new NairobiError(
      'NOT_SUPPORTED',
      `${member} is for the socket: what it prints is bytes`,
      {
        hint: 'ask Query, Stats, Plot or Run',
      },
    );
  }
  if (member !== OPEN_FILE) {
    if (signature === 's') return { method: member, params: paramsOf(message), fds: [] };
    throw new NairobiError('USAGE', `${member} takes one text, its parameters as JSON`);
  }
  if (signature !== 'sh') {
    throw new NairobiError('USAGE', `${member} takes a text and a descriptor`);
  }
  const params = paramsOf(message);
  if (params['path'] !== undefined || params['fd'] !== undefined) {
    throw new NairobiError('USAGE', `${member} takes no path and no fd beside the descriptor`);
  }
  return { method: 'Open', params: { ...params, fd: 0 }, fds: [message.descriptor()] };
}

function paramsOf(message: BusMessage) {
  const [text = ''] = message.texts();
  if (text.length > REQUEST_BYTES_MAX) {
    throw new NairobiError('USAGE', `A request of ${text.length} bytes is too long`);
  }
  const params = parse(text === '' ? '{}' : text);
  if (isObject(params)) return params;
  throw new NairobiError('USAGE', `${message.member}: the parameters have to be a JSON object`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const FREEDESKTOP = 'org.freedesktop.DBus';

const unknown = (message: BusMessage): void =>
  message.fail(
    `${FREEDESKTOP}.Error.UnknownMethod`,
    `There is no method ${message.member} at ${message.path}`,
  );

/** What every object on a bus answers. */
function standard(message: BusMessage, version: string): void {
  const { interface: name, member } = message;
  if (name === `${FREEDESKTOP}.Introspectable` && member === 'Introspect') {
    message.reply([introspection(message.path)]);
    return;
  }
  const properties: Record<string, string> = { Version: version };
  if (name === `${FREEDESKTOP}.Properties` && member === 'GetAll') {
    message.replyVariant(properties);
    return;
  }
  if (name === `${FREEDESKTOP}.Properties` && member === 'Get' && message.signature === 'ss') {
    const value = properties[message.texts()[1] ?? ''];
    if (value !== undefined) {
      message.replyVariant(value);
      return;
    }
    message.fail(`${FREEDESKTOP}.Error.UnknownProperty`, 'There is no such property');
    return;
  }
  unknown(message);
}

const DOCTYPE =
  '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n' +
  ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n';

/** The object, or the way to it: busctl and d-feet walk down from the root. */
function introspection(path: string): string {
  if (path !== PATH) {
    const rest = path === '/' ? PATH.slice(1) : PATH.slice(path.length + 1);
    return `${DOCTYPE}<node><node name="${rest.split('/')[0]}"/></node>\n`;
  }
  const methods = [...METHODS.filter((method) => method !== ON_SOCKET), OPEN_FILE]
    .map(
      (method) =>
        `  <method name="${method}">\n` +
        '   <arg name="parameters" type="s" direction="in"/>\n' +
        (method === OPEN_FILE ? '   <arg name="file" type="h" direction="in"/>\n' : '') +
        '   <arg name="result" type="s" direction="out"/>\n' +
        '   <arg name="descriptors" type="ah" direction="out"/>\n' +
        '  </method>\n',
    )
    .join('');
  return (
    `${DOCTYPE}<node>\n <interface name="${BUS_NAME}">\n${methods}` +
    '  <property name="Version" type="s" access="read"/>\n </interface>\n' +
    ` <interface name="${FREEDESKTOP}.Introspectable">\n` +
    '  <method name="Introspect"><arg type="s" direction="out"/></method>\n </interface>\n' +
    ` <interface name="${FREEDESKTOP}.Properties">\n` +
    '  <method name="Get"><arg type="s" direction="in"/><arg type="s" direction="in"/>' +
    '<arg type="v" direction="out"/></method>\n' +
    '  <method name="GetAll"><arg type="s" direction="in"/>' +
    '<arg type="a{sv}" direction="out"/></method>\n </interface>\n</node>\n'
  );
}
