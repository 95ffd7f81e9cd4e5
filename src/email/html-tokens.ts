import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

const ignore = () => {};

const IGNORED: TokenizerCallbacks = {
  onattribdata: ignore,
  onattribend: ignore,
  onattribentity: ignore,
  onattribname: ignore,
  oncdata: ignore,
  onclosetag: ignore,
  oncomment: ignore,
  ondeclaration: ignore,
  onend: ignore,
  onopentagend: ignore,
  onopentagname: ignore,
  onprocessinginstruction: ignore,
  onselfclosingtag: ignore,
  ontext: ignore,
  ontextentity: ignore,
};

/** Reads HTML with htmlparser2's tokenizer. Tokens without a callback are ignored. */
export function readTokens(html: string, decodeEntities: boolean, callbacks: Partial<TokenizerCallbacks>): void {
  const tokenizer = new Tokenizer({ decodeEntities }, { ...IGNORED, ...callbacks });
  tokenizer.write(html);
  tokenizer.end();
}
