import { afterAll } from 'vitest';
import { REACHED, watch } from './coverage';

if (REACHED) afterAll(watch());
