/** The start page tells whether this browser can run the library. */
import { checkSupport } from './shared/support';

const support = document.getElementById('support') as HTMLElement;
const able = await checkSupport(document.getElementById('problem') as HTMLElement);
support.textContent = able ? 'This browser can run it.' : '';
