/** One matrix times two vectors at once: what it gives each of them alone. */
import { exactSums } from '../../helpers/exact-sums';
import { checkMatvecPair } from '../../helpers/probe';

exactSums('matrix kernels of two vectors at once', ' gives', checkMatvecPair);
