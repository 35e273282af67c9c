'use client';
/** For React 18 and newer: `const { track } = useNoiseSuppression({ strength: 0.9 })`. */
export { type NoiseSuppression, useNoiseSuppression } from '../adapters/react';
export type { NoiseSuppressionOptions, NoiseSuppressionState } from '../adapters/react-session';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
