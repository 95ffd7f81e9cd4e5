import { graphql } from '../generated/gql.ts';

/** All that is kept of an outbound email. */
export const OutboundRecord = graphql(`
  query OutboundRecord($uid: UUID!) {
    outboundEmail(uid: $uid) {
      uid
      status
      mode
      threading
      fromEmail
      fromAccount { uid email }
      to
      cc
      bcc
      replyTo
      subject
      bodyText
      bodyHtml
      contexts { __typename uid ... on Invoice { number } }
      providerMessageId
      providerThreadId
      messageId
      idempotencyKey
      template { version values template { id uid name locale } }
      plannedSendAt
      cancelWhen
      canceledBecause
      sentAt
      attempts
      nextAttemptAt
      failure { code message retry }
      replyToMessage { uid }
      attachments { filename contentType size sha256 contentId downloadUrl }
      conversation {
        uid
        ownerEmail
        providerThreadId
        subject
        messageCount
        hasReply
        participants
        contexts { __typename ... on Invoice { number } }
      }
      message {
        uid
        direction
        from { address name }
        subject
        bodyText
        messageId
        inReplyTo
        references
        providerMessageId
        labels
        attachments { filename sha256 }
      }
      actor
      events(first: 100) { edges { node { type fromStatus toStatus actor detail } } }
    }
  }
`);

/** What an invoice knows of the emails about it. */
export const InvoiceContact = graphql(`
  query InvoiceContact($uid: UUID!) {
    invoice(uid: $uid) {
      lastContactedAt
      awaitingReply
      outboundEmails { totalCount edges { node { uid } } }
      conversations { totalCount edges { node { uid } } }
      drafts { totalCount edges { node { uid } } }
    }
  }
`);

/** A stored message with its place. */
export const StoredMessage = graphql(`
  query StoredMessage($uid: UUID!) {
    emailMessage(uid: $uid) {
      uid
      messageId
      references
      conversation { uid providerThreadId messageCount hasReply }
      replySuggestion { to cc subject }
    }
  }
`);

/** What the list of emails shows. */
export const OutboundUids = graphql(`
  query OutboundUids { outboundEmails(first: 50) { edges { node { uid } } } }
`);

/** Stores a draft. */
export const CreateDraft = graphql(`
  mutation CreateDraft($input: CreateDraftInput!) {
    createDraft(input: $input) {
      __typename
      ... on CreateDraftPayload { draft { uid revision status } replayed }
      ... on UnresolvedTokensError { problems { token kind field } }
      ... on UserError { code message retry }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
      ... on IdempotencyConflictError { existing { uid } differingFields }
      ... on InvalidStateError { status }
    }
  }
`);

/** Changes a draft. */
export const UpdateDraft = graphql(`
  mutation UpdateDraft($input: UpdateDraftInput!) {
    updateDraft(input: $input) {
      __typename
      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }
      ... on UserError { code message retry }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
      ... on DraftConflictError { current { uid revision subject } }
      ... on UnresolvedTokensError { problems { token kind field } }
    }
  }
`);

/** Deletes a draft. */
export const DeleteDraft = graphql(`
  mutation DeleteDraft($uid: UUID!) {
    deleteDraft(uid: $uid) {
      __typename
      ... on DeleteDraftPayload { deletedId draftUid }
      ... on UserError { code message retry }
      ... on NotFoundError { entity uid }
      ... on DraftConflictError { current { uid } }
    }
  }
`);

/** All that is kept of a draft. */
export const DraftRecord = graphql(`
  query DraftRecord($uid: UUID!) {
    draft(uid: $uid) {
      uid
      revision
      status
      fromEmail
      fromAccount { uid }
      to
      cc
      bcc
      replyTo
      subject
      bodyText
      bodyHtml
      contexts { contextType uid }
      template { version values template { uid } }
      plannedSendAt
      replyToMessage { uid }
      attachments { filename contentType size sha256 contentId }
      lastFailure { code message retry }
    }
  }
`);

/** The drafts that have a time, or those that have none. */
export const ScheduledDrafts = graphql(`
  query ScheduledDrafts($scheduled: Boolean!) {
    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }
  }
`);

/** Cancels an email before it leaves. */
export const CancelOutboundEmail = graphql(`
  mutation CancelOutboundEmail($uid: UUID!) {
    cancelOutboundEmail(uid: $uid) {
      __typename
      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }
      ... on UserError { code message retry }
      ... on NotFoundError { entity uid }
      ... on InvalidStateError { status }
    }
  }
`);

/** Tries a failed email again. */
export const RetryOutboundEmail = graphql(`
  mutation RetryOutboundEmail($uid: UUID!) {
    retryOutboundEmail(uid: $uid) {
      __typename
      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }
      ... on UserError { code message retry }
      ... on NotFoundError { entity uid }
      ... on InvalidStateError { status }
      ... on SendRejectedError { providerStatus outboundEmail { uid status } }
    }
  }
`);

/** Decides an UNCONFIRMED email. */
export const ResolveOutboundEmail = graphql(`
  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {
    resolveOutboundEmail(uid: $uid, outcome: $outcome) {
      __typename
      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }
      ... on UserError { code message retry }
      ... on NotFoundError { entity uid }
      ... on InvalidStateError { status }
    }
  }
`);
