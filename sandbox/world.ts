/** The whole state of the sandbox. It changes only through `commit`, so that the journal holds every change. */
import { Grants } from './grants.ts';
import { Mailbox } from './mailbox.ts';
import type { Operation } from './operations.ts';

export class World {
  readonly mailboxes = new Map<string, Mailbox>();
  readonly grants = new Grants();
  readonly now: () => Date;
  /** Called with each committed record, before it is answered for. */
  journal: (operations: readonly Operation[]) => void = () => {};
  /** Called after a commit, for each mailbox whose history it has moved. */
  changed: (mailbox: string) => void = () => {};
  #lastId = 0n;
  #byAddress = new Map<string, Set<Mailbox>>();

  constructor(now: () => Date) {
    this.now = now;
  }

  commit(...operations: readonly Operation[]): void {
    for (const operation of operations) this.apply(operation);
    this.journal(operations);
    const moved = operations.flatMap((operation) =>
      operation.op === 'add' || operation.op === 'remove' || operation.op === 'label' ? [operation.mailbox] : [],
    );
    for (const mailbox of new Set(moved)) this.changed(mailbox);
  }

  /** Time in the upper bits, as in Gmail's ids; always greater than every id before. */
  nextId(): bigint {
    const byTime = BigInt(this.now().getTime()) << 20n;
    this.#lastId = byTime > this.#lastId ? byTime : this.#lastId + 1n;
    return this.#lastId;
  }

  nextMessageId(): string {
    return this.nextId().toString(16).padStart(16, '0');
  }

  mailbox(email: string): Mailbox | null {
    return this.mailboxes.get(email.toLowerCase()) ?? null;
  }

  /** The mailboxes that receive mail for an address: its own, its aliases', `user+tag@` included. */
  recipients(address: string): readonly Mailbox[] {
    const found = this.#byAddress.get(address) ?? this.#byAddress.get(address.replace(/\+[^@]*@/, '@'));
    return found === undefined ? [] : [...found];
  }

  /** Replays an operation, without journalling it. */
  apply(operation: Operation): void {
    switch (operation.op) {
      case 'mailbox': {
        const known = this.mailbox(operation.spec.email);
        if (known === null) this.mailboxes.set(operation.spec.email.toLowerCase(), new Mailbox(operation.spec));
        else known.spec = operation.spec;
        this.#indexAddresses();
        break;
      }
      case 'add':
        this.#seenId(operation.message.id);
        this.#of(operation.mailbox).add(operation.message);
        break;
      case 'restore':
        this.#seenId(operation.message.id);
        this.#of(operation.mailbox).restore(operation.message, BigInt(operation.historyId));
        break;
      case 'remove':
        this.#of(operation.mailbox).remove(operation.id);
        break;
      case 'label':
        this.#of(operation.mailbox).relabel(operation.id, operation.add, operation.remove);
        break;
      case 'draft':
        this.#of(operation.mailbox).setDraft(operation.draftId, operation.messageId);
        break;
      case 'cursor':
        this.#of(operation.mailbox).resume(operation.cursor);
        break;
      case 'forget-history':
        this.#of(operation.mailbox).forgetHistory();
        break;
      case 'grant':
        this.grants.byRefreshToken.set(operation.grant.refreshToken, operation.grant);
        break;
      case 'service-account':
        this.grants.serviceAccounts.set(operation.spec.clientEmail, operation.spec);
        break;
      case 'access': {
        const { refreshToken, expiresAt } = operation;
        this.grants.accessTokens.set(operation.token, { refreshToken, expiresAt });
        break;
      }
      case 'revoke':
        this.grants.revoke(operation.refreshToken);
        break;
      case 'expire':
        this.grants.expireAccessTokens(operation.email);
        break;
    }
  }

  #of(email: string): Mailbox {
    const mailbox = this.mailbox(email);
    if (mailbox === null) throw new Error(`No mailbox ${email} in the sandbox.`);
    return mailbox;
  }

  #seenId(hex: string): void {
    const id = BigInt(`0x${hex}`);
    if (id > this.#lastId) this.#lastId = id;
  }

  #indexAddresses(): void {
    this.#byAddress = new Map();
    for (const mailbox of this.mailboxes.values()) this.#byAddress.set(mailbox.email, new Set([mailbox]));
    for (const mailbox of this.mailboxes.values()) {
      for (const alias of mailbox.spec.aliases ?? []) {
        const address = alias.email.toLowerCase();
        // An alias that is also the address of a mailbox delivers only to that mailbox.
        if (this.mailboxes.has(address) || !alias.accepted) continue;
        this.#byAddress.set(address, (this.#byAddress.get(address) ?? new Set()).add(mailbox));
      }
    }
  }
}
