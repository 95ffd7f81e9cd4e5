import manifest from '../package.json' with { type: 'json' };

/** Epistle's own version, as `package.json` says. */
export const VERSION: string = manifest.version;
