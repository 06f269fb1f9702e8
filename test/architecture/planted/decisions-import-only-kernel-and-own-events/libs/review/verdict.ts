// planted violation
import { map } from 'rxjs';

export const verdicts = map;
