/** Chime's own device controller with our device, as an app bundles them. */
// The parts themselves: the whole SDK brings AWS clients that take a bundler set up for them.
import DefaultDeviceController from 'amazon-chime-sdk-js/build/devicecontroller/DefaultDeviceController';
import NoOpLogger from 'amazon-chime-sdk-js/build/logger/NoOpLogger';
import type * as Adapter from '../../../src/entries/chime';

// @ts-expect-error an address of the test server
const { NoiseSuppressorTransformDevice }: typeof Adapter = await import('/dist/chime.js');

/** The bundler follows Node: what it imports of a CommonJS module is all of its exports. */
const unwrapped = <T>(imported: T): T => (imported as { default?: T }).default ?? imported;
const Controller = unwrapped(DefaultDeviceController);
const Logger = unwrapped(NoOpLogger);

const adapter = {
  NoiseSuppressorTransformDevice,
  controller: () => new Controller(new Logger(), { enableWebAudio: true }),
};
globalThis.chime = adapter;

declare global {
  var chime: typeof adapter;
}
