/**
 * What readers put where a text is no value of its column's type: no cast takes it, and the failure
 * that names it is about the file (Relation.recover finds the place), not about the query.
 */
export const NO_VALUE = 'not a value';
