import { exactSums } from '../../helpers/exact-sums';
import { checkMatvec } from '../../helpers/probe';

exactSums('matrix kernels', ' and scalar give', checkMatvec);
