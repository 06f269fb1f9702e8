import { Catalogue } from '../../libs/context/catalogue.js';
import { contexts, descriptorsOf } from '../contexts.js';

export const catalogue = new Catalogue(await descriptorsOf(contexts));
