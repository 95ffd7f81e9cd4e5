/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query WhoAmI { viewer { actor scopes organization { uid name } } }\n": typeof types.WhoAmIDocument,
    "\n  query ApiKeys($first: Int, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      totalCount\n      pageInfo { hasNextPage endCursor }\n      edges { node { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }\n    }\n  }\n": typeof types.ApiKeysDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeyPayload { secret apiKey { uid name prefix scopes expiresAt lastUsedAt } }\n      ... on InvalidInputError { code issues { path message } }\n    }\n  }\n": typeof types.CreateApiKeyDocument,
    "\n  mutation RevokeApiKey($uid: UUID!) {\n    revokeApiKey(uid: $uid) {\n      __typename\n      ... on RevokeApiKeyPayload { apiKey { uid revokedAt } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.RevokeApiKeyDocument,
    "\n  query InvoiceState($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt awaitingReply\n      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }\n    }\n  }\n": typeof types.InvoiceStateDocument,
    "\n  query Entities($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on ContextEntity {\n        label\n        lastContactedAt\n        awaitingReply\n        outboundEmails { totalCount edges { node { uid } } }\n        drafts { totalCount edges { node { uid } } }\n        conversations { totalCount edges { node { uid } } }\n      }\n    }\n  }\n": typeof types.EntitiesDocument,
    "\n  mutation LinkSeveral($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { contexts { label } } }\n    }\n  }\n": typeof types.LinkSeveralDocument,
    "\n  mutation UnlinkSeveral($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { contexts { label } } }\n    }\n  }\n": typeof types.UnlinkSeveralDocument,
    "\n  mutation UpsertCustomer($input: UpsertCustomerInput!) {\n    upsertCustomer(input: $input) {\n      __typename\n      ... on UpsertCustomerPayload {\n        customer { uid externalId name email locale timeZone contacts { name email role isPrimary } }\n      }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": typeof types.UpsertCustomerDocument,
    "\n  mutation UpsertCustomers($inputs: [UpsertCustomerInput!]!) {\n    upsertCustomers(inputs: $inputs) {\n      __typename\n      ... on UpsertCustomersPayload { customers { externalId name contacts { email } } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": typeof types.UpsertCustomersDocument,
    "\n  mutation UpsertInvoice($input: UpsertInvoiceInput!) {\n    upsertInvoice(input: $input) {\n      __typename\n      ... on UpsertInvoicePayload {\n        invoice {\n          uid number status currency issueDate dueDate paidDate paymentLink daysOverdue awaitingReply lastContactedAt\n          total { cents formatted } amountPaid { cents } amountDue { cents formatted(locale: \"de-DE\") } customer { uid }\n        }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.UpsertInvoiceDocument,
    "\n  mutation UpsertInvoices($inputs: [UpsertInvoiceInput!]!) {\n    upsertInvoices(inputs: $inputs) {\n      __typename\n      ... on UpsertInvoicesPayload { invoices { number status total { cents } customer { externalId } } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": typeof types.UpsertInvoicesDocument,
    "\n  query Counts($externalId: String!) {\n    customer(externalId: $externalId) { lastContactedAt outboundEmails { totalCount } }\n  }\n": typeof types.CountsDocument,
    "\n  query ReadMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      from { address name }\n      to { address }\n      cc { address }\n      replyTo { address name }\n      subject\n      snippet\n      bodyText\n      bodyHtml\n      sentAt\n      problem\n      references\n      attachments { filename contentType size }\n      conversation { subject participants messageCount }\n      replySuggestion(all: true) { to cc subject quotedText quotedHtml }\n    }\n  }\n": typeof types.ReadMessageDocument,
    "\n  query FilesOfMessage($uid: UUID!) { emailMessage(uid: $uid) { attachments { id uid filename sha256 } } }\n": typeof types.FilesOfMessageDocument,
    "\n  query AttachmentNode($id: ID!) { node(id: $id) { id ... on Attachment { uid filename size sha256 } } }\n": typeof types.AttachmentNodeDocument,
    "\n  query DownloadUrls($uid: UUID!) { outboundEmail(uid: $uid) { attachments { downloadUrl } } }\n": typeof types.DownloadUrlsDocument,
    "\n  mutation DraftDownloadUrls($input: CreateDraftInput!) {\n    createDraft(input: $input) { __typename ... on CreateDraftPayload { draft { attachments { uid downloadUrl } } } }\n  }\n": typeof types.DraftDownloadUrlsDocument,
    "\n  mutation CreateDraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { attachments { uid filename size sha256 downloadUrl } } }\n    }\n  }\n": typeof types.CreateDraftWithFilesDocument,
    "\n  query ReceivedFiles($uid: UUID!) {\n    emailMessage(uid: $uid) { attachments { uid filename contentType size contentId downloadUrl } }\n  }\n": typeof types.ReceivedFilesDocument,
    "\n  query ReceivedHash($uid: UUID!) { emailMessage(uid: $uid) { attachments { sha256 } } }\n": typeof types.ReceivedHashDocument,
    "\n  mutation MarkMessageAutomatic($uid: UUID!, $automatic: Boolean! = true) {\n    markMessageAutomatic(uid: $uid, automatic: $automatic) {\n      __typename\n      ... on MarkMessageAutomaticPayload { message { uid isAutomatic conversation { hasReply } } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.MarkMessageAutomaticDocument,
    "\n  query StoredMessages($search: String!) {\n    emailAccounts { sync { state error { code message } } }\n    conversations(filter: { search: $search }, first: 10) {\n      edges { node { hasReply messages(first: 20) { edges { node {\n        subject bodyText problem attachments { filename size }\n      } } } } }\n    }\n  }\n": typeof types.StoredMessagesDocument,
    "\n  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {\n    markConversationRead(uid: $uid, read: $read) {\n      __typename\n      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }\n      ... on UserError { code retry }\n      ... on AccountNotReadyError { account { status } }\n      ... on ProviderError { providerStatus providerReason }\n    }\n  }\n": typeof types.MarkReadDocument,
    "\n  query ReceivedMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      subject\n      bodyText\n      from { address name }\n      to { address }\n      cc { address }\n      conversation { participants }\n      replySuggestion(all: true) { to cc quotedText }\n    }\n  }\n": typeof types.ReceivedMessageDocument,
    "\n  query FoundConversations($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n  }\n": typeof types.FoundConversationsDocument,
    "\n  query AccountBudget($uid: UUID!) {\n    emailAccount(uid: $uid) { status statusReason pausedUntil sendBudget { sentLast24h dailyLimit nextSendAt } }\n  }\n": typeof types.AccountBudgetDocument,
    "\n  query State($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status threading providerMessageId providerThreadId attempts\n      failure { code retry }\n      events(first: 100) { edges { node { type at detail } } }\n    }\n  }\n": typeof types.StateDocument,
    "query Accounts { emailAccounts { uid email } }": typeof types.AccountsDocument,
    "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n": typeof types.SentDocument,
    "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }": typeof types.ByIdDocument,
    "query Who { viewer { organization { name } scopes } }": typeof types.WhoDocument,
    "\n  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { uid subject } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.ConversationsPageDocument,
    "\n  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    invoice(number: $number) {\n      conversations(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid subject } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": typeof types.LinkedPageDocument,
    "\n  mutation Link($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }\n      ... on UserError { code message }\n    }\n  }\n": typeof types.LinkDocument,
    "\n  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }\n      ... on UserError { code message }\n    }\n  }\n": typeof types.UnlinkDocument,
    "\n  query WithParticipant($participant: EmailAddress!) {\n    conversations(filter: { participant: $participant }) { totalCount }\n  }\n": typeof types.WithParticipantDocument,
    "\n  query ListedInvoices($filter: InvoiceFilter, $orderBy: InvoiceOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    invoices(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { node { number status issueDate dueDate lastContactedAt awaitingReply customer { uid name } } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.ListedInvoicesDocument,
    "\n  query ListedCustomers($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { node { name lastContactedAt awaitingReply } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.ListedCustomersDocument,
    "\n  query FilteredEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }\n  }\n": typeof types.FilteredEmailsDocument,
    "\n  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }\n": typeof types.FilteredDraftsDocument,
    "\n  query ConversationOfDraft($uid: UUID!) { draft(uid: $uid) { conversation { uid } } }\n": typeof types.ConversationOfDraftDocument,
    "\n  query FilteredConversations($filter: ConversationFilter) {\n    conversations(filter: $filter) { totalCount edges { node { uid } } }\n  }\n": typeof types.FilteredConversationsDocument,
    "\n    query OfConnectedAccounts($only: Boolean) {\n      outboundEmails(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      drafts(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      conversations(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      outboundEmailCounts(filter: { connectedAccountsOnly: $only }) { status count }\n    }\n  ": typeof types.OfConnectedAccountsDocument,
    "\n  query OutboundEmailsPage(\n    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String\n  ) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { uid } }\n      nodes { uid }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.OutboundEmailsPageDocument,
    "\n  query OutboundEmailsCount($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, first: 2) { totalCount edges { node { uid } } }\n  }\n": typeof types.OutboundEmailsCountDocument,
    "\n  query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {\n    conversation(uid: $uid) {\n      messages(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid } }\n        pageInfo { hasNextPage hasPreviousPage endCursor startCursor }\n      }\n    }\n  }\n": typeof types.ConversationMessagesDocument,
    "\n  query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {\n    outboundEmail(uid: $uid) {\n      events(first: $first, after: $after) { totalCount edges { cursor node { type } } pageInfo { hasNextPage } }\n    }\n  }\n": typeof types.OutboundEmailEventsDocument,
    "\n  query SortedOrWalked($filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      nodes { uid }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.SortedOrWalkedDocument,
    "\n  query SearchedEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) { edges { node { uid } } }\n  }\n": typeof types.SearchedEmailsDocument,
    "\n  query SearchAll($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n    outboundEmails(filter: { search: $search }) { totalCount }\n  }\n": typeof types.SearchAllDocument,
    "\n  query ShownMessage($uid: UUID!, $remoteImages: RemoteImages! = BLOCK) {\n    emailMessage(uid: $uid) {\n      newText\n      safeHtml(remoteImages: $remoteImages) { html blockedImages isTruncated }\n      attachments { filename downloadUrl }\n    }\n  }\n": typeof types.ShownMessageDocument,
    "\n  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {\n    connectEmailAccount(input: $input) {\n      __typename\n      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": typeof types.ConnectEmailAccountDocument,
    "\n  mutation DisconnectEmailAccount($uid: UUID!) {\n    disconnectEmailAccount(uid: $uid) {\n      __typename\n      ... on DisconnectEmailAccountPayload {\n        waitingEmails\n        revoked\n        emailAccount { uid email status statusReason }\n      }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.DisconnectEmailAccountDocument,
    "\n  query AccountAddresses($uid: UUID!) {\n    emailAccount(uid: $uid) { sendAs { email displayName signatureHtml isDefault } }\n  }\n": typeof types.AccountAddressesDocument,
    "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contexts { uid }\n          failure { code message retry }\n        }\n      }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on InvalidStateError { status }\n      ... on DraftConflictError { current { uid revision } }\n      ... on UnresolvedTokensError { problems { token kind message field offset length } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n": typeof types.SendEmailDocument,
    "\n  query Bounces($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status\n      failure { code retry }\n      providerMessageId\n      messageId\n      conversation { uid hasReply isRead messageCount }\n      message { uid }\n      bounces { recipient status diagnostic permanent at }\n      events(first: 50) { edges { node { type fromStatus toStatus actor detail } } }\n    }\n  }\n": typeof types.BouncesDocument,
    "\n  query OutboundRecord($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      uid\n      status\n      mode\n      threading\n      fromEmail\n      fromAccount { uid email }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contexts { __typename uid ... on Invoice { number } }\n      providerMessageId\n      providerThreadId\n      messageId\n      idempotencyKey\n      template { version values template { id uid name locale } }\n      plannedSendAt\n      cancelWhen\n      canceledBecause\n      sentAt\n      attempts\n      nextAttemptAt\n      failure { code message retry }\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId downloadUrl }\n      conversation {\n        uid\n        ownerEmail\n        providerThreadId\n        subject\n        messageCount\n        hasReply\n        participants\n        contexts { __typename ... on Invoice { number } }\n      }\n      message {\n        uid\n        direction\n        from { address name }\n        subject\n        bodyText\n        messageId\n        inReplyTo\n        references\n        providerMessageId\n        labels\n        attachments { filename sha256 }\n      }\n      actor\n      events(first: 100) { edges { node { type fromStatus toStatus actor detail } } }\n    }\n  }\n": typeof types.OutboundRecordDocument,
    "\n  query InvoiceContact($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt\n      awaitingReply\n      outboundEmails { totalCount edges { node { uid } } }\n      conversations { totalCount edges { node { uid } } }\n      drafts { totalCount edges { node { uid } } }\n    }\n  }\n": typeof types.InvoiceContactDocument,
    "\n  query StoredMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      uid\n      messageId\n      references\n      conversation { uid providerThreadId messageCount hasReply }\n      replySuggestion { to cc subject }\n    }\n  }\n": typeof types.StoredMessageDocument,
    "\n  query OutboundUids { outboundEmails(first: 50) { edges { node { uid } } } }\n": typeof types.OutboundUidsDocument,
    "\n  mutation CreateDraft($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid revision status } replayed }\n      ... on UnresolvedTokensError { problems { token kind field } }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { existing { uid } differingFields }\n      ... on InvalidStateError { status }\n    }\n  }\n": typeof types.CreateDraftDocument,
    "\n  mutation UpdateDraft($input: UpdateDraftInput!) {\n    updateDraft(input: $input) {\n      __typename\n      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid revision subject } }\n      ... on UnresolvedTokensError { problems { token kind field } }\n    }\n  }\n": typeof types.UpdateDraftDocument,
    "\n  mutation DeleteDraft($uid: UUID!) {\n    deleteDraft(uid: $uid) {\n      __typename\n      ... on DeleteDraftPayload { deletedId draftUid }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid } }\n    }\n  }\n": typeof types.DeleteDraftDocument,
    "\n  query DraftRecord($uid: UUID!) {\n    draft(uid: $uid) {\n      uid\n      revision\n      status\n      fromEmail\n      fromAccount { uid }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contexts { contextType uid }\n      template { version values template { uid } }\n      plannedSendAt\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId }\n      lastFailure { code message retry }\n    }\n  }\n": typeof types.DraftRecordDocument,
    "\n  query ScheduledDrafts($scheduled: Boolean!) {\n    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }\n  }\n": typeof types.ScheduledDraftsDocument,
    "\n  mutation CancelOutboundEmail($uid: UUID!) {\n    cancelOutboundEmail(uid: $uid) {\n      __typename\n      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": typeof types.CancelOutboundEmailDocument,
    "\n  mutation RetryOutboundEmail($uid: UUID!) {\n    retryOutboundEmail(uid: $uid) {\n      __typename\n      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n      ... on SendRejectedError { providerStatus outboundEmail { uid status } }\n    }\n  }\n": typeof types.RetryOutboundEmailDocument,
    "\n  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {\n    resolveOutboundEmail(uid: $uid, outcome: $outcome) {\n      __typename\n      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": typeof types.ResolveOutboundEmailDocument,
    "\n  mutation SaveTemplate($input: SaveTemplateInput!) {\n    saveTemplate(input: $input) {\n      __typename\n      ... on SaveTemplatePayload {\n        template { id uid name contextType locale version subject bodyText bodyHtml }\n        problems { token kind field }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.SaveTemplateDocument,
    "\n  mutation DeleteUsedTemplate($uid: UUID!) { deleteTemplate(uid: $uid) { __typename } }\n": typeof types.DeleteUsedTemplateDocument,
    "\n  query FilesOfEmail($uid: UUID!) {\n    outboundEmail(uid: $uid) { attachments { id uid filename contentType size sha256 contentId downloadUrl } }\n  }\n": typeof types.FilesOfEmailDocument,
    "\n  mutation DraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid attachments { uid filename contentType size downloadUrl } } }\n      ... on NotFoundError { entity uid }\n      ... on InvalidInputError { issues { path message } }\n      ... on ProviderError { code message retry }\n    }\n  }\n": typeof types.DraftWithFilesDocument,
    "\n  mutation SyncEmailAccount($uid: UUID!) {\n    syncEmailAccount(uid: $uid) {\n      __typename\n      ... on SyncEmailAccountPayload { emailAccount { lastSyncedAt sync { state imported estimated error { code message at } } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on AccountNotReadyError { account { status } }\n      ... on SyncNotPossibleError { reason retryAt account { uid } }\n    }\n  }\n": typeof types.SyncEmailAccountDocument,
    "\n  query Suggestion($uid: UUID!) {\n    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }\n  }\n": typeof types.SuggestionDocument,
    "\n  query DynamicFields($contextType: String!) { dynamicFields(contextType: $contextType) { token label type } }\n": typeof types.DynamicFieldsDocument,
    "\n  query Prepare($input: PrepareEmailInput!) {\n    prepareEmail(input: $input) {\n      __typename\n      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind message field offset length } }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.PrepareDocument,
    "\n  query Preview($input: PreviewEmailInput!) {\n    previewEmail(input: $input) {\n      __typename\n      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind } }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.PreviewDocument,
    "\n  query FindTemplate($uid: UUID!, $version: Int) {\n    template(uid: $uid, version: $version) { id uid name contextType version locale subject bodyText bodyHtml }\n  }\n": typeof types.FindTemplateDocument,
    "\n  query Templates($filter: TemplateFilter, $first: Int, $after: String) {\n    templates(filter: $filter, first: $first, after: $after) {\n      totalCount\n      nodes { id name version locale contextType }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.TemplatesDocument,
    "\n  mutation DeleteTemplate($uid: UUID!) {\n    deleteTemplate(uid: $uid) {\n      __typename\n      ... on DeleteTemplatePayload { deletedId templateUid }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.DeleteTemplateDocument,
};
const documents: Documents = {
    "\n  query WhoAmI { viewer { actor scopes organization { uid name } } }\n": types.WhoAmIDocument,
    "\n  query ApiKeys($first: Int, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      totalCount\n      pageInfo { hasNextPage endCursor }\n      edges { node { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }\n    }\n  }\n": types.ApiKeysDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeyPayload { secret apiKey { uid name prefix scopes expiresAt lastUsedAt } }\n      ... on InvalidInputError { code issues { path message } }\n    }\n  }\n": types.CreateApiKeyDocument,
    "\n  mutation RevokeApiKey($uid: UUID!) {\n    revokeApiKey(uid: $uid) {\n      __typename\n      ... on RevokeApiKeyPayload { apiKey { uid revokedAt } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.RevokeApiKeyDocument,
    "\n  query InvoiceState($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt awaitingReply\n      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }\n    }\n  }\n": types.InvoiceStateDocument,
    "\n  query Entities($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on ContextEntity {\n        label\n        lastContactedAt\n        awaitingReply\n        outboundEmails { totalCount edges { node { uid } } }\n        drafts { totalCount edges { node { uid } } }\n        conversations { totalCount edges { node { uid } } }\n      }\n    }\n  }\n": types.EntitiesDocument,
    "\n  mutation LinkSeveral($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { contexts { label } } }\n    }\n  }\n": types.LinkSeveralDocument,
    "\n  mutation UnlinkSeveral($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { contexts { label } } }\n    }\n  }\n": types.UnlinkSeveralDocument,
    "\n  mutation UpsertCustomer($input: UpsertCustomerInput!) {\n    upsertCustomer(input: $input) {\n      __typename\n      ... on UpsertCustomerPayload {\n        customer { uid externalId name email locale timeZone contacts { name email role isPrimary } }\n      }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": types.UpsertCustomerDocument,
    "\n  mutation UpsertCustomers($inputs: [UpsertCustomerInput!]!) {\n    upsertCustomers(inputs: $inputs) {\n      __typename\n      ... on UpsertCustomersPayload { customers { externalId name contacts { email } } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": types.UpsertCustomersDocument,
    "\n  mutation UpsertInvoice($input: UpsertInvoiceInput!) {\n    upsertInvoice(input: $input) {\n      __typename\n      ... on UpsertInvoicePayload {\n        invoice {\n          uid number status currency issueDate dueDate paidDate paymentLink daysOverdue awaitingReply lastContactedAt\n          total { cents formatted } amountPaid { cents } amountDue { cents formatted(locale: \"de-DE\") } customer { uid }\n        }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.UpsertInvoiceDocument,
    "\n  mutation UpsertInvoices($inputs: [UpsertInvoiceInput!]!) {\n    upsertInvoices(inputs: $inputs) {\n      __typename\n      ... on UpsertInvoicesPayload { invoices { number status total { cents } customer { externalId } } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": types.UpsertInvoicesDocument,
    "\n  query Counts($externalId: String!) {\n    customer(externalId: $externalId) { lastContactedAt outboundEmails { totalCount } }\n  }\n": types.CountsDocument,
    "\n  query ReadMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      from { address name }\n      to { address }\n      cc { address }\n      replyTo { address name }\n      subject\n      snippet\n      bodyText\n      bodyHtml\n      sentAt\n      problem\n      references\n      attachments { filename contentType size }\n      conversation { subject participants messageCount }\n      replySuggestion(all: true) { to cc subject quotedText quotedHtml }\n    }\n  }\n": types.ReadMessageDocument,
    "\n  query FilesOfMessage($uid: UUID!) { emailMessage(uid: $uid) { attachments { id uid filename sha256 } } }\n": types.FilesOfMessageDocument,
    "\n  query AttachmentNode($id: ID!) { node(id: $id) { id ... on Attachment { uid filename size sha256 } } }\n": types.AttachmentNodeDocument,
    "\n  query DownloadUrls($uid: UUID!) { outboundEmail(uid: $uid) { attachments { downloadUrl } } }\n": types.DownloadUrlsDocument,
    "\n  mutation DraftDownloadUrls($input: CreateDraftInput!) {\n    createDraft(input: $input) { __typename ... on CreateDraftPayload { draft { attachments { uid downloadUrl } } } }\n  }\n": types.DraftDownloadUrlsDocument,
    "\n  mutation CreateDraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { attachments { uid filename size sha256 downloadUrl } } }\n    }\n  }\n": types.CreateDraftWithFilesDocument,
    "\n  query ReceivedFiles($uid: UUID!) {\n    emailMessage(uid: $uid) { attachments { uid filename contentType size contentId downloadUrl } }\n  }\n": types.ReceivedFilesDocument,
    "\n  query ReceivedHash($uid: UUID!) { emailMessage(uid: $uid) { attachments { sha256 } } }\n": types.ReceivedHashDocument,
    "\n  mutation MarkMessageAutomatic($uid: UUID!, $automatic: Boolean! = true) {\n    markMessageAutomatic(uid: $uid, automatic: $automatic) {\n      __typename\n      ... on MarkMessageAutomaticPayload { message { uid isAutomatic conversation { hasReply } } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.MarkMessageAutomaticDocument,
    "\n  query StoredMessages($search: String!) {\n    emailAccounts { sync { state error { code message } } }\n    conversations(filter: { search: $search }, first: 10) {\n      edges { node { hasReply messages(first: 20) { edges { node {\n        subject bodyText problem attachments { filename size }\n      } } } } }\n    }\n  }\n": types.StoredMessagesDocument,
    "\n  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {\n    markConversationRead(uid: $uid, read: $read) {\n      __typename\n      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }\n      ... on UserError { code retry }\n      ... on AccountNotReadyError { account { status } }\n      ... on ProviderError { providerStatus providerReason }\n    }\n  }\n": types.MarkReadDocument,
    "\n  query ReceivedMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      subject\n      bodyText\n      from { address name }\n      to { address }\n      cc { address }\n      conversation { participants }\n      replySuggestion(all: true) { to cc quotedText }\n    }\n  }\n": types.ReceivedMessageDocument,
    "\n  query FoundConversations($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n  }\n": types.FoundConversationsDocument,
    "\n  query AccountBudget($uid: UUID!) {\n    emailAccount(uid: $uid) { status statusReason pausedUntil sendBudget { sentLast24h dailyLimit nextSendAt } }\n  }\n": types.AccountBudgetDocument,
    "\n  query State($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status threading providerMessageId providerThreadId attempts\n      failure { code retry }\n      events(first: 100) { edges { node { type at detail } } }\n    }\n  }\n": types.StateDocument,
    "query Accounts { emailAccounts { uid email } }": types.AccountsDocument,
    "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n": types.SentDocument,
    "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }": types.ByIdDocument,
    "query Who { viewer { organization { name } scopes } }": types.WhoDocument,
    "\n  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { uid subject } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.ConversationsPageDocument,
    "\n  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    invoice(number: $number) {\n      conversations(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid subject } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": types.LinkedPageDocument,
    "\n  mutation Link($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }\n      ... on UserError { code message }\n    }\n  }\n": types.LinkDocument,
    "\n  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }\n      ... on UserError { code message }\n    }\n  }\n": types.UnlinkDocument,
    "\n  query WithParticipant($participant: EmailAddress!) {\n    conversations(filter: { participant: $participant }) { totalCount }\n  }\n": types.WithParticipantDocument,
    "\n  query ListedInvoices($filter: InvoiceFilter, $orderBy: InvoiceOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    invoices(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { node { number status issueDate dueDate lastContactedAt awaitingReply customer { uid name } } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.ListedInvoicesDocument,
    "\n  query ListedCustomers($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { node { name lastContactedAt awaitingReply } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.ListedCustomersDocument,
    "\n  query FilteredEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }\n  }\n": types.FilteredEmailsDocument,
    "\n  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }\n": types.FilteredDraftsDocument,
    "\n  query ConversationOfDraft($uid: UUID!) { draft(uid: $uid) { conversation { uid } } }\n": types.ConversationOfDraftDocument,
    "\n  query FilteredConversations($filter: ConversationFilter) {\n    conversations(filter: $filter) { totalCount edges { node { uid } } }\n  }\n": types.FilteredConversationsDocument,
    "\n    query OfConnectedAccounts($only: Boolean) {\n      outboundEmails(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      drafts(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      conversations(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      outboundEmailCounts(filter: { connectedAccountsOnly: $only }) { status count }\n    }\n  ": types.OfConnectedAccountsDocument,
    "\n  query OutboundEmailsPage(\n    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String\n  ) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { uid } }\n      nodes { uid }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.OutboundEmailsPageDocument,
    "\n  query OutboundEmailsCount($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, first: 2) { totalCount edges { node { uid } } }\n  }\n": types.OutboundEmailsCountDocument,
    "\n  query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {\n    conversation(uid: $uid) {\n      messages(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid } }\n        pageInfo { hasNextPage hasPreviousPage endCursor startCursor }\n      }\n    }\n  }\n": types.ConversationMessagesDocument,
    "\n  query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {\n    outboundEmail(uid: $uid) {\n      events(first: $first, after: $after) { totalCount edges { cursor node { type } } pageInfo { hasNextPage } }\n    }\n  }\n": types.OutboundEmailEventsDocument,
    "\n  query SortedOrWalked($filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      nodes { uid }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.SortedOrWalkedDocument,
    "\n  query SearchedEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) { edges { node { uid } } }\n  }\n": types.SearchedEmailsDocument,
    "\n  query SearchAll($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n    outboundEmails(filter: { search: $search }) { totalCount }\n  }\n": types.SearchAllDocument,
    "\n  query ShownMessage($uid: UUID!, $remoteImages: RemoteImages! = BLOCK) {\n    emailMessage(uid: $uid) {\n      newText\n      safeHtml(remoteImages: $remoteImages) { html blockedImages isTruncated }\n      attachments { filename downloadUrl }\n    }\n  }\n": types.ShownMessageDocument,
    "\n  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {\n    connectEmailAccount(input: $input) {\n      __typename\n      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": types.ConnectEmailAccountDocument,
    "\n  mutation DisconnectEmailAccount($uid: UUID!) {\n    disconnectEmailAccount(uid: $uid) {\n      __typename\n      ... on DisconnectEmailAccountPayload {\n        waitingEmails\n        revoked\n        emailAccount { uid email status statusReason }\n      }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.DisconnectEmailAccountDocument,
    "\n  query AccountAddresses($uid: UUID!) {\n    emailAccount(uid: $uid) { sendAs { email displayName signatureHtml isDefault } }\n  }\n": types.AccountAddressesDocument,
    "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contexts { uid }\n          failure { code message retry }\n        }\n      }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on InvalidStateError { status }\n      ... on DraftConflictError { current { uid revision } }\n      ... on UnresolvedTokensError { problems { token kind message field offset length } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n": types.SendEmailDocument,
    "\n  query Bounces($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status\n      failure { code retry }\n      providerMessageId\n      messageId\n      conversation { uid hasReply isRead messageCount }\n      message { uid }\n      bounces { recipient status diagnostic permanent at }\n      events(first: 50) { edges { node { type fromStatus toStatus actor detail } } }\n    }\n  }\n": types.BouncesDocument,
    "\n  query OutboundRecord($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      uid\n      status\n      mode\n      threading\n      fromEmail\n      fromAccount { uid email }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contexts { __typename uid ... on Invoice { number } }\n      providerMessageId\n      providerThreadId\n      messageId\n      idempotencyKey\n      template { version values template { id uid name locale } }\n      plannedSendAt\n      cancelWhen\n      canceledBecause\n      sentAt\n      attempts\n      nextAttemptAt\n      failure { code message retry }\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId downloadUrl }\n      conversation {\n        uid\n        ownerEmail\n        providerThreadId\n        subject\n        messageCount\n        hasReply\n        participants\n        contexts { __typename ... on Invoice { number } }\n      }\n      message {\n        uid\n        direction\n        from { address name }\n        subject\n        bodyText\n        messageId\n        inReplyTo\n        references\n        providerMessageId\n        labels\n        attachments { filename sha256 }\n      }\n      actor\n      events(first: 100) { edges { node { type fromStatus toStatus actor detail } } }\n    }\n  }\n": types.OutboundRecordDocument,
    "\n  query InvoiceContact($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt\n      awaitingReply\n      outboundEmails { totalCount edges { node { uid } } }\n      conversations { totalCount edges { node { uid } } }\n      drafts { totalCount edges { node { uid } } }\n    }\n  }\n": types.InvoiceContactDocument,
    "\n  query StoredMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      uid\n      messageId\n      references\n      conversation { uid providerThreadId messageCount hasReply }\n      replySuggestion { to cc subject }\n    }\n  }\n": types.StoredMessageDocument,
    "\n  query OutboundUids { outboundEmails(first: 50) { edges { node { uid } } } }\n": types.OutboundUidsDocument,
    "\n  mutation CreateDraft($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid revision status } replayed }\n      ... on UnresolvedTokensError { problems { token kind field } }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { existing { uid } differingFields }\n      ... on InvalidStateError { status }\n    }\n  }\n": types.CreateDraftDocument,
    "\n  mutation UpdateDraft($input: UpdateDraftInput!) {\n    updateDraft(input: $input) {\n      __typename\n      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid revision subject } }\n      ... on UnresolvedTokensError { problems { token kind field } }\n    }\n  }\n": types.UpdateDraftDocument,
    "\n  mutation DeleteDraft($uid: UUID!) {\n    deleteDraft(uid: $uid) {\n      __typename\n      ... on DeleteDraftPayload { deletedId draftUid }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid } }\n    }\n  }\n": types.DeleteDraftDocument,
    "\n  query DraftRecord($uid: UUID!) {\n    draft(uid: $uid) {\n      uid\n      revision\n      status\n      fromEmail\n      fromAccount { uid }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contexts { contextType uid }\n      template { version values template { uid } }\n      plannedSendAt\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId }\n      lastFailure { code message retry }\n    }\n  }\n": types.DraftRecordDocument,
    "\n  query ScheduledDrafts($scheduled: Boolean!) {\n    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }\n  }\n": types.ScheduledDraftsDocument,
    "\n  mutation CancelOutboundEmail($uid: UUID!) {\n    cancelOutboundEmail(uid: $uid) {\n      __typename\n      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": types.CancelOutboundEmailDocument,
    "\n  mutation RetryOutboundEmail($uid: UUID!) {\n    retryOutboundEmail(uid: $uid) {\n      __typename\n      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n      ... on SendRejectedError { providerStatus outboundEmail { uid status } }\n    }\n  }\n": types.RetryOutboundEmailDocument,
    "\n  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {\n    resolveOutboundEmail(uid: $uid, outcome: $outcome) {\n      __typename\n      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": types.ResolveOutboundEmailDocument,
    "\n  mutation SaveTemplate($input: SaveTemplateInput!) {\n    saveTemplate(input: $input) {\n      __typename\n      ... on SaveTemplatePayload {\n        template { id uid name contextType locale version subject bodyText bodyHtml }\n        problems { token kind field }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.SaveTemplateDocument,
    "\n  mutation DeleteUsedTemplate($uid: UUID!) { deleteTemplate(uid: $uid) { __typename } }\n": types.DeleteUsedTemplateDocument,
    "\n  query FilesOfEmail($uid: UUID!) {\n    outboundEmail(uid: $uid) { attachments { id uid filename contentType size sha256 contentId downloadUrl } }\n  }\n": types.FilesOfEmailDocument,
    "\n  mutation DraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid attachments { uid filename contentType size downloadUrl } } }\n      ... on NotFoundError { entity uid }\n      ... on InvalidInputError { issues { path message } }\n      ... on ProviderError { code message retry }\n    }\n  }\n": types.DraftWithFilesDocument,
    "\n  mutation SyncEmailAccount($uid: UUID!) {\n    syncEmailAccount(uid: $uid) {\n      __typename\n      ... on SyncEmailAccountPayload { emailAccount { lastSyncedAt sync { state imported estimated error { code message at } } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on AccountNotReadyError { account { status } }\n      ... on SyncNotPossibleError { reason retryAt account { uid } }\n    }\n  }\n": types.SyncEmailAccountDocument,
    "\n  query Suggestion($uid: UUID!) {\n    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }\n  }\n": types.SuggestionDocument,
    "\n  query DynamicFields($contextType: String!) { dynamicFields(contextType: $contextType) { token label type } }\n": types.DynamicFieldsDocument,
    "\n  query Prepare($input: PrepareEmailInput!) {\n    prepareEmail(input: $input) {\n      __typename\n      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind message field offset length } }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.PrepareDocument,
    "\n  query Preview($input: PreviewEmailInput!) {\n    previewEmail(input: $input) {\n      __typename\n      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind } }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.PreviewDocument,
    "\n  query FindTemplate($uid: UUID!, $version: Int) {\n    template(uid: $uid, version: $version) { id uid name contextType version locale subject bodyText bodyHtml }\n  }\n": types.FindTemplateDocument,
    "\n  query Templates($filter: TemplateFilter, $first: Int, $after: String) {\n    templates(filter: $filter, first: $first, after: $after) {\n      totalCount\n      nodes { id name version locale contextType }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.TemplatesDocument,
    "\n  mutation DeleteTemplate($uid: UUID!) {\n    deleteTemplate(uid: $uid) {\n      __typename\n      ... on DeleteTemplatePayload { deletedId templateUid }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.DeleteTemplateDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WhoAmI { viewer { actor scopes organization { uid name } } }\n"): typeof import('./graphql.ts').WhoAmIDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ApiKeys($first: Int, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      totalCount\n      pageInfo { hasNextPage endCursor }\n      edges { node { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }\n    }\n  }\n"): typeof import('./graphql.ts').ApiKeysDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeyPayload { secret apiKey { uid name prefix scopes expiresAt lastUsedAt } }\n      ... on InvalidInputError { code issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').CreateApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeApiKey($uid: UUID!) {\n    revokeApiKey(uid: $uid) {\n      __typename\n      ... on RevokeApiKeyPayload { apiKey { uid revokedAt } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').RevokeApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InvoiceState($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt awaitingReply\n      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }\n    }\n  }\n"): typeof import('./graphql.ts').InvoiceStateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Entities($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on ContextEntity {\n        label\n        lastContactedAt\n        awaitingReply\n        outboundEmails { totalCount edges { node { uid } } }\n        drafts { totalCount edges { node { uid } } }\n        conversations { totalCount edges { node { uid } } }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').EntitiesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation LinkSeveral($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { contexts { label } } }\n    }\n  }\n"): typeof import('./graphql.ts').LinkSeveralDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UnlinkSeveral($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { contexts { label } } }\n    }\n  }\n"): typeof import('./graphql.ts').UnlinkSeveralDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpsertCustomer($input: UpsertCustomerInput!) {\n    upsertCustomer(input: $input) {\n      __typename\n      ... on UpsertCustomerPayload {\n        customer { uid externalId name email locale timeZone contacts { name email role isPrimary } }\n      }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').UpsertCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpsertCustomers($inputs: [UpsertCustomerInput!]!) {\n    upsertCustomers(inputs: $inputs) {\n      __typename\n      ... on UpsertCustomersPayload { customers { externalId name contacts { email } } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').UpsertCustomersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpsertInvoice($input: UpsertInvoiceInput!) {\n    upsertInvoice(input: $input) {\n      __typename\n      ... on UpsertInvoicePayload {\n        invoice {\n          uid number status currency issueDate dueDate paidDate paymentLink daysOverdue awaitingReply lastContactedAt\n          total { cents formatted } amountPaid { cents } amountDue { cents formatted(locale: \"de-DE\") } customer { uid }\n        }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').UpsertInvoiceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpsertInvoices($inputs: [UpsertInvoiceInput!]!) {\n    upsertInvoices(inputs: $inputs) {\n      __typename\n      ... on UpsertInvoicesPayload { invoices { number status total { cents } customer { externalId } } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').UpsertInvoicesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Counts($externalId: String!) {\n    customer(externalId: $externalId) { lastContactedAt outboundEmails { totalCount } }\n  }\n"): typeof import('./graphql.ts').CountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      from { address name }\n      to { address }\n      cc { address }\n      replyTo { address name }\n      subject\n      snippet\n      bodyText\n      bodyHtml\n      sentAt\n      problem\n      references\n      attachments { filename contentType size }\n      conversation { subject participants messageCount }\n      replySuggestion(all: true) { to cc subject quotedText quotedHtml }\n    }\n  }\n"): typeof import('./graphql.ts').ReadMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilesOfMessage($uid: UUID!) { emailMessage(uid: $uid) { attachments { id uid filename sha256 } } }\n"): typeof import('./graphql.ts').FilesOfMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AttachmentNode($id: ID!) { node(id: $id) { id ... on Attachment { uid filename size sha256 } } }\n"): typeof import('./graphql.ts').AttachmentNodeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DownloadUrls($uid: UUID!) { outboundEmail(uid: $uid) { attachments { downloadUrl } } }\n"): typeof import('./graphql.ts').DownloadUrlsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DraftDownloadUrls($input: CreateDraftInput!) {\n    createDraft(input: $input) { __typename ... on CreateDraftPayload { draft { attachments { uid downloadUrl } } } }\n  }\n"): typeof import('./graphql.ts').DraftDownloadUrlsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { attachments { uid filename size sha256 downloadUrl } } }\n    }\n  }\n"): typeof import('./graphql.ts').CreateDraftWithFilesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReceivedFiles($uid: UUID!) {\n    emailMessage(uid: $uid) { attachments { uid filename contentType size contentId downloadUrl } }\n  }\n"): typeof import('./graphql.ts').ReceivedFilesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReceivedHash($uid: UUID!) { emailMessage(uid: $uid) { attachments { sha256 } } }\n"): typeof import('./graphql.ts').ReceivedHashDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MarkMessageAutomatic($uid: UUID!, $automatic: Boolean! = true) {\n    markMessageAutomatic(uid: $uid, automatic: $automatic) {\n      __typename\n      ... on MarkMessageAutomaticPayload { message { uid isAutomatic conversation { hasReply } } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').MarkMessageAutomaticDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StoredMessages($search: String!) {\n    emailAccounts { sync { state error { code message } } }\n    conversations(filter: { search: $search }, first: 10) {\n      edges { node { hasReply messages(first: 20) { edges { node {\n        subject bodyText problem attachments { filename size }\n      } } } } }\n    }\n  }\n"): typeof import('./graphql.ts').StoredMessagesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {\n    markConversationRead(uid: $uid, read: $read) {\n      __typename\n      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }\n      ... on UserError { code retry }\n      ... on AccountNotReadyError { account { status } }\n      ... on ProviderError { providerStatus providerReason }\n    }\n  }\n"): typeof import('./graphql.ts').MarkReadDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReceivedMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      subject\n      bodyText\n      from { address name }\n      to { address }\n      cc { address }\n      conversation { participants }\n      replySuggestion(all: true) { to cc quotedText }\n    }\n  }\n"): typeof import('./graphql.ts').ReceivedMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FoundConversations($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n  }\n"): typeof import('./graphql.ts').FoundConversationsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AccountBudget($uid: UUID!) {\n    emailAccount(uid: $uid) { status statusReason pausedUntil sendBudget { sentLast24h dailyLimit nextSendAt } }\n  }\n"): typeof import('./graphql.ts').AccountBudgetDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query State($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status threading providerMessageId providerThreadId attempts\n      failure { code retry }\n      events(first: 100) { edges { node { type at detail } } }\n    }\n  }\n"): typeof import('./graphql.ts').StateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Accounts { emailAccounts { uid email } }"): typeof import('./graphql.ts').AccountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n"): typeof import('./graphql.ts').SentDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }"): typeof import('./graphql.ts').ByIdDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Who { viewer { organization { name } scopes } }"): typeof import('./graphql.ts').WhoDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { uid subject } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').ConversationsPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    invoice(number: $number) {\n      conversations(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid subject } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').LinkedPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Link($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }\n      ... on UserError { code message }\n    }\n  }\n"): typeof import('./graphql.ts').LinkDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }\n      ... on UserError { code message }\n    }\n  }\n"): typeof import('./graphql.ts').UnlinkDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WithParticipant($participant: EmailAddress!) {\n    conversations(filter: { participant: $participant }) { totalCount }\n  }\n"): typeof import('./graphql.ts').WithParticipantDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListedInvoices($filter: InvoiceFilter, $orderBy: InvoiceOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    invoices(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { node { number status issueDate dueDate lastContactedAt awaitingReply customer { uid name } } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').ListedInvoicesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListedCustomers($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { node { name lastContactedAt awaitingReply } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').ListedCustomersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilteredEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }\n  }\n"): typeof import('./graphql.ts').FilteredEmailsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }\n"): typeof import('./graphql.ts').FilteredDraftsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ConversationOfDraft($uid: UUID!) { draft(uid: $uid) { conversation { uid } } }\n"): typeof import('./graphql.ts').ConversationOfDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilteredConversations($filter: ConversationFilter) {\n    conversations(filter: $filter) { totalCount edges { node { uid } } }\n  }\n"): typeof import('./graphql.ts').FilteredConversationsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n    query OfConnectedAccounts($only: Boolean) {\n      outboundEmails(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      drafts(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      conversations(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }\n      outboundEmailCounts(filter: { connectedAccountsOnly: $only }) { status count }\n    }\n  "): typeof import('./graphql.ts').OfConnectedAccountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OutboundEmailsPage(\n    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String\n  ) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { uid } }\n      nodes { uid }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').OutboundEmailsPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OutboundEmailsCount($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, first: 2) { totalCount edges { node { uid } } }\n  }\n"): typeof import('./graphql.ts').OutboundEmailsCountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {\n    conversation(uid: $uid) {\n      messages(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid } }\n        pageInfo { hasNextPage hasPreviousPage endCursor startCursor }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ConversationMessagesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {\n    outboundEmail(uid: $uid) {\n      events(first: $first, after: $after) { totalCount edges { cursor node { type } } pageInfo { hasNextPage } }\n    }\n  }\n"): typeof import('./graphql.ts').OutboundEmailEventsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SortedOrWalked($filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      nodes { uid }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').SortedOrWalkedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SearchedEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) { edges { node { uid } } }\n  }\n"): typeof import('./graphql.ts').SearchedEmailsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SearchAll($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n    outboundEmails(filter: { search: $search }) { totalCount }\n  }\n"): typeof import('./graphql.ts').SearchAllDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ShownMessage($uid: UUID!, $remoteImages: RemoteImages! = BLOCK) {\n    emailMessage(uid: $uid) {\n      newText\n      safeHtml(remoteImages: $remoteImages) { html blockedImages isTruncated }\n      attachments { filename downloadUrl }\n    }\n  }\n"): typeof import('./graphql.ts').ShownMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {\n    connectEmailAccount(input: $input) {\n      __typename\n      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').ConnectEmailAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DisconnectEmailAccount($uid: UUID!) {\n    disconnectEmailAccount(uid: $uid) {\n      __typename\n      ... on DisconnectEmailAccountPayload {\n        waitingEmails\n        revoked\n        emailAccount { uid email status statusReason }\n      }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').DisconnectEmailAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AccountAddresses($uid: UUID!) {\n    emailAccount(uid: $uid) { sendAs { email displayName signatureHtml isDefault } }\n  }\n"): typeof import('./graphql.ts').AccountAddressesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contexts { uid }\n          failure { code message retry }\n        }\n      }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on InvalidStateError { status }\n      ... on DraftConflictError { current { uid revision } }\n      ... on UnresolvedTokensError { problems { token kind message field offset length } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n"): typeof import('./graphql.ts').SendEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Bounces($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status\n      failure { code retry }\n      providerMessageId\n      messageId\n      conversation { uid hasReply isRead messageCount }\n      message { uid }\n      bounces { recipient status diagnostic permanent at }\n      events(first: 50) { edges { node { type fromStatus toStatus actor detail } } }\n    }\n  }\n"): typeof import('./graphql.ts').BouncesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OutboundRecord($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      uid\n      status\n      mode\n      threading\n      fromEmail\n      fromAccount { uid email }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contexts { __typename uid ... on Invoice { number } }\n      providerMessageId\n      providerThreadId\n      messageId\n      idempotencyKey\n      template { version values template { id uid name locale } }\n      plannedSendAt\n      cancelWhen\n      canceledBecause\n      sentAt\n      attempts\n      nextAttemptAt\n      failure { code message retry }\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId downloadUrl }\n      conversation {\n        uid\n        ownerEmail\n        providerThreadId\n        subject\n        messageCount\n        hasReply\n        participants\n        contexts { __typename ... on Invoice { number } }\n      }\n      message {\n        uid\n        direction\n        from { address name }\n        subject\n        bodyText\n        messageId\n        inReplyTo\n        references\n        providerMessageId\n        labels\n        attachments { filename sha256 }\n      }\n      actor\n      events(first: 100) { edges { node { type fromStatus toStatus actor detail } } }\n    }\n  }\n"): typeof import('./graphql.ts').OutboundRecordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InvoiceContact($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt\n      awaitingReply\n      outboundEmails { totalCount edges { node { uid } } }\n      conversations { totalCount edges { node { uid } } }\n      drafts { totalCount edges { node { uid } } }\n    }\n  }\n"): typeof import('./graphql.ts').InvoiceContactDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StoredMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      uid\n      messageId\n      references\n      conversation { uid providerThreadId messageCount hasReply }\n      replySuggestion { to cc subject }\n    }\n  }\n"): typeof import('./graphql.ts').StoredMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OutboundUids { outboundEmails(first: 50) { edges { node { uid } } } }\n"): typeof import('./graphql.ts').OutboundUidsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDraft($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid revision status } replayed }\n      ... on UnresolvedTokensError { problems { token kind field } }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { existing { uid } differingFields }\n      ... on InvalidStateError { status }\n    }\n  }\n"): typeof import('./graphql.ts').CreateDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateDraft($input: UpdateDraftInput!) {\n    updateDraft(input: $input) {\n      __typename\n      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }\n      ... on UserError { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid revision subject } }\n      ... on UnresolvedTokensError { problems { token kind field } }\n    }\n  }\n"): typeof import('./graphql.ts').UpdateDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteDraft($uid: UUID!) {\n    deleteDraft(uid: $uid) {\n      __typename\n      ... on DeleteDraftPayload { deletedId draftUid }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid } }\n    }\n  }\n"): typeof import('./graphql.ts').DeleteDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DraftRecord($uid: UUID!) {\n    draft(uid: $uid) {\n      uid\n      revision\n      status\n      fromEmail\n      fromAccount { uid }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contexts { contextType uid }\n      template { version values template { uid } }\n      plannedSendAt\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId }\n      lastFailure { code message retry }\n    }\n  }\n"): typeof import('./graphql.ts').DraftRecordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ScheduledDrafts($scheduled: Boolean!) {\n    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }\n  }\n"): typeof import('./graphql.ts').ScheduledDraftsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelOutboundEmail($uid: UUID!) {\n    cancelOutboundEmail(uid: $uid) {\n      __typename\n      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n"): typeof import('./graphql.ts').CancelOutboundEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryOutboundEmail($uid: UUID!) {\n    retryOutboundEmail(uid: $uid) {\n      __typename\n      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n      ... on SendRejectedError { providerStatus outboundEmail { uid status } }\n    }\n  }\n"): typeof import('./graphql.ts').RetryOutboundEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {\n    resolveOutboundEmail(uid: $uid, outcome: $outcome) {\n      __typename\n      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n"): typeof import('./graphql.ts').ResolveOutboundEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SaveTemplate($input: SaveTemplateInput!) {\n    saveTemplate(input: $input) {\n      __typename\n      ... on SaveTemplatePayload {\n        template { id uid name contextType locale version subject bodyText bodyHtml }\n        problems { token kind field }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').SaveTemplateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteUsedTemplate($uid: UUID!) { deleteTemplate(uid: $uid) { __typename } }\n"): typeof import('./graphql.ts').DeleteUsedTemplateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilesOfEmail($uid: UUID!) {\n    outboundEmail(uid: $uid) { attachments { id uid filename contentType size sha256 contentId downloadUrl } }\n  }\n"): typeof import('./graphql.ts').FilesOfEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid attachments { uid filename contentType size downloadUrl } } }\n      ... on NotFoundError { entity uid }\n      ... on InvalidInputError { issues { path message } }\n      ... on ProviderError { code message retry }\n    }\n  }\n"): typeof import('./graphql.ts').DraftWithFilesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SyncEmailAccount($uid: UUID!) {\n    syncEmailAccount(uid: $uid) {\n      __typename\n      ... on SyncEmailAccountPayload { emailAccount { lastSyncedAt sync { state imported estimated error { code message at } } } }\n      ... on UserError { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on AccountNotReadyError { account { status } }\n      ... on SyncNotPossibleError { reason retryAt account { uid } }\n    }\n  }\n"): typeof import('./graphql.ts').SyncEmailAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Suggestion($uid: UUID!) {\n    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }\n  }\n"): typeof import('./graphql.ts').SuggestionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DynamicFields($contextType: String!) { dynamicFields(contextType: $contextType) { token label type } }\n"): typeof import('./graphql.ts').DynamicFieldsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Prepare($input: PrepareEmailInput!) {\n    prepareEmail(input: $input) {\n      __typename\n      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind message field offset length } }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').PrepareDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Preview($input: PreviewEmailInput!) {\n    previewEmail(input: $input) {\n      __typename\n      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind } }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').PreviewDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FindTemplate($uid: UUID!, $version: Int) {\n    template(uid: $uid, version: $version) { id uid name contextType version locale subject bodyText bodyHtml }\n  }\n"): typeof import('./graphql.ts').FindTemplateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Templates($filter: TemplateFilter, $first: Int, $after: String) {\n    templates(filter: $filter, first: $first, after: $after) {\n      totalCount\n      nodes { id name version locale contextType }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').TemplatesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteTemplate($uid: UUID!) {\n    deleteTemplate(uid: $uid) {\n      __typename\n      ... on DeleteTemplatePayload { deletedId templateUid }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').DeleteTemplateDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
