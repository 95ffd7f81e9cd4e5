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
    "\n  query ApiKeys { apiKeys { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }\n": typeof types.ApiKeysDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeyPayload { secret apiKey { uid name prefix scopes expiresAt lastUsedAt } }\n      ... on InvalidInputError { code issues { path message } }\n    }\n  }\n": typeof types.CreateApiKeyDocument,
    "\n  mutation RevokeApiKey($uid: UUID!) {\n    revokeApiKey(uid: $uid) {\n      __typename\n      ... on RevokeApiKeyPayload { apiKey { uid revokedAt } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.RevokeApiKeyDocument,
    "\n  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {\n    connectEmailAccount(input: $input) {\n      __typename\n      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": typeof types.ConnectEmailAccountDocument,
    "\n  mutation DisconnectEmailAccount($uid: UUID!) {\n    disconnectEmailAccount(uid: $uid) {\n      __typename\n      ... on DisconnectEmailAccountPayload {\n        waitingEmails\n        revoked\n        emailAccount { uid email status statusReason }\n      }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.DisconnectEmailAccountDocument,
    "\n  mutation UpsertCustomer($input: UpsertCustomerInput!) {\n    upsertCustomer(input: $input) {\n      __typename\n      ... on UpsertCustomerPayload { customer { uid externalId name email } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": typeof types.UpsertCustomerDocument,
    "\n  mutation UpsertInvoice($input: UpsertInvoiceInput!) {\n    upsertInvoice(input: $input) {\n      __typename\n      ... on UpsertInvoicePayload {\n        invoice {\n          uid number status currency paidDate paymentLink daysOverdue awaitingReply lastContactedAt\n          total { cents formatted } amountPaid { cents } amountDue { cents formatted } customer { uid }\n        }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.UpsertInvoiceDocument,
    "\n  query InvoiceState($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt awaitingReply\n      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }\n    }\n  }\n": typeof types.InvoiceStateDocument,
    "\n  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { uid subject } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.ConversationsPageDocument,
    "\n  query InvoicesPage($filter: InvoiceFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    invoices(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { number issueDate total { cents } customer { externalId } awaitingReply } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.InvoicesPageDocument,
    "\n  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    invoice(number: $number) {\n      conversations(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid subject } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": typeof types.LinkedPageDocument,
    "\n  mutation Link($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }\n      ... on Error { code message }\n    }\n  }\n": typeof types.LinkDocument,
    "\n  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }\n      ... on Error { code message }\n    }\n  }\n": typeof types.UnlinkDocument,
    "\n  query WithParticipant($participant: EmailAddress!) {\n    conversations(filter: { participant: $participant }) { totalCount }\n  }\n": typeof types.WithParticipantDocument,
    "\n  query AccountBudget($uid: UUID!) {\n    emailAccount(uid: $uid) { status statusReason sendBudget { sentLast24h dailyLimit nextSendAt } }\n  }\n": typeof types.AccountBudgetDocument,
    "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contextUid\n          failure { code message retry }\n        }\n      }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on DraftConflictError { current { uid revision } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n": typeof types.SendEmailDocument,
    "\n  mutation CreateDraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { attachments { uid filename size sha256 downloadUrl } } }\n    }\n  }\n": typeof types.CreateDraftWithFilesDocument,
    "\n  query ReceivedFiles($uid: UUID!) {\n    emailMessage(uid: $uid) { attachments { uid filename contentType size contentId downloadUrl } }\n  }\n": typeof types.ReceivedFilesDocument,
    "\n  query ReceivedHash($uid: UUID!) { emailMessage(uid: $uid) { attachments { sha256 } } }\n": typeof types.ReceivedHashDocument,
    "\n  query FilteredEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }\n  }\n": typeof types.FilteredEmailsDocument,
    "\n  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }\n": typeof types.FilteredDraftsDocument,
    "\n  query FilteredConversations($filter: ConversationFilter) {\n    conversations(filter: $filter) { totalCount edges { node { uid } } }\n  }\n": typeof types.FilteredConversationsDocument,
    "\n  query FilteredInvoices($filter: InvoiceFilter) { invoices(filter: $filter) { totalCount edges { node { uid } } } }\n": typeof types.FilteredInvoicesDocument,
    "\n  query Customers($first: Int, $after: String) {\n    customers(first: $first, after: $after) { totalCount edges { cursor node { uid externalId } } pageInfo { endCursor } }\n  }\n": typeof types.CustomersDocument,
    "\n  query OutboundEmailsPage(\n    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String\n  ) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.OutboundEmailsPageDocument,
    "\n  query OutboundEmailsCount($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, first: 2) { totalCount edges { node { uid } } }\n  }\n": typeof types.OutboundEmailsCountDocument,
    "\n  query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {\n    conversation(uid: $uid) {\n      messages(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid } }\n        pageInfo { hasNextPage hasPreviousPage endCursor startCursor }\n      }\n    }\n  }\n": typeof types.ConversationMessagesDocument,
    "\n  query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {\n    outboundEmail(uid: $uid) {\n      events(first: $first, after: $after) { totalCount edges { cursor node { type } } pageInfo { hasNextPage } }\n    }\n  }\n": typeof types.OutboundEmailEventsDocument,
    "\n  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {\n    markConversationRead(uid: $uid, read: $read) {\n      __typename\n      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }\n      ... on Error { code retry }\n      ... on AccountNotReadyError { account { status } }\n      ... on ProviderError { providerStatus providerReason }\n    }\n  }\n": typeof types.MarkReadDocument,
    "\n  query ReadMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      from { address name }\n      to { address }\n      cc { address }\n      replyTo { address name }\n      subject\n      snippet\n      bodyText\n      bodyHtml\n      sentAt\n      problem\n      references\n      attachments { filename contentType size }\n      conversation { subject participants messageCount }\n      replySuggestion(all: true) { to cc subject quotedText quotedHtml }\n    }\n  }\n": typeof types.ReadMessageDocument,
    "\n  query Bounces($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status\n      failure { code retry }\n      providerMessageId\n      messageId\n      conversation { uid hasReply isRead messageCount }\n      message { uid }\n      bounces { recipient status diagnostic permanent at }\n      events(first: 50) { edges { node { type actor detail } } }\n    }\n  }\n": typeof types.BouncesDocument,
    "query Accounts { emailAccounts { uid email } }": typeof types.AccountsDocument,
    "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n": typeof types.SentDocument,
    "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }": typeof types.ByIdDocument,
    "query Who { viewer { organization { name } scopes } }": typeof types.WhoDocument,
    "\n  query FoundConversations($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n  }\n": typeof types.FoundConversationsDocument,
    "\n  query SearchedEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) { edges { node { uid } } }\n  }\n": typeof types.SearchedEmailsDocument,
    "\n  query SearchAll($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n    outboundEmails(filter: { search: $search }) { totalCount }\n  }\n": typeof types.SearchAllDocument,
    "\n  query OutboundRecord($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      uid\n      status\n      mode\n      threading\n      fromEmail\n      fromAccount { uid email }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contextType\n      contextUid\n      context { __typename ... on Invoice { number } }\n      providerMessageId\n      providerThreadId\n      messageId\n      idempotencyKey\n      sentAt\n      attempts\n      nextAttemptAt\n      failure { code message retry }\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId downloadUrl }\n      conversation {\n        uid\n        ownerEmail\n        providerThreadId\n        subject\n        messageCount\n        hasReply\n        participants\n        contexts { __typename ... on Invoice { number } }\n      }\n      message {\n        uid\n        direction\n        from { address name }\n        subject\n        bodyText\n        messageId\n        inReplyTo\n        references\n        providerMessageId\n        labels\n        attachments { filename sha256 }\n      }\n      events(first: 50) { edges { node { type actor detail } } }\n    }\n  }\n": typeof types.OutboundRecordDocument,
    "\n  query InvoiceContact($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt\n      awaitingReply\n      outboundEmails { totalCount edges { node { uid } } }\n      conversations { totalCount edges { node { uid } } }\n      drafts { totalCount edges { node { uid } } }\n    }\n  }\n": typeof types.InvoiceContactDocument,
    "\n  query StoredMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      uid\n      messageId\n      references\n      conversation { uid providerThreadId messageCount hasReply }\n      replySuggestion { to cc subject }\n    }\n  }\n": typeof types.StoredMessageDocument,
    "\n  mutation CreateDraft($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid revision status } }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": typeof types.CreateDraftDocument,
    "\n  mutation UpdateDraft($input: UpdateDraftInput!) {\n    updateDraft(input: $input) {\n      __typename\n      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid revision subject } }\n    }\n  }\n": typeof types.UpdateDraftDocument,
    "\n  mutation DeleteDraft($uid: UUID!) {\n    deleteDraft(uid: $uid) {\n      __typename\n      ... on DeleteDraftPayload { draftUid }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid } }\n    }\n  }\n": typeof types.DeleteDraftDocument,
    "\n  query DraftRecord($uid: UUID!) {\n    draft(uid: $uid) {\n      uid\n      revision\n      status\n      fromEmail\n      fromAccount { uid }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contextType\n      contextUid\n      plannedSendAt\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId }\n      lastFailure { code message retry }\n    }\n  }\n": typeof types.DraftRecordDocument,
    "\n  query ScheduledDrafts($scheduled: Boolean!) {\n    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }\n  }\n": typeof types.ScheduledDraftsDocument,
    "\n  mutation CancelOutboundEmail($uid: UUID!) {\n    cancelOutboundEmail(uid: $uid) {\n      __typename\n      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": typeof types.CancelOutboundEmailDocument,
    "\n  mutation RetryOutboundEmail($uid: UUID!) {\n    retryOutboundEmail(uid: $uid) {\n      __typename\n      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n      ... on SendRejectedError { providerStatus outboundEmail { uid status } }\n    }\n  }\n": typeof types.RetryOutboundEmailDocument,
    "\n  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {\n    resolveOutboundEmail(uid: $uid, outcome: $outcome) {\n      __typename\n      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": typeof types.ResolveOutboundEmailDocument,
    "\n  query State($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status threading providerMessageId providerThreadId attempts\n      failure { code retry }\n      events(first: 100) { edges { node { type detail } } }\n    }\n  }\n": typeof types.StateDocument,
    "\n  mutation SyncEmailAccount($uid: UUID!) {\n    syncEmailAccount(uid: $uid) {\n      __typename\n      ... on SyncEmailAccountPayload { account { lastSyncedAt sync { state imported estimated error { code message at } } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on AccountNotReadyError { account { status } }\n      ... on SyncNotPossibleError { reason retryAt account { uid } }\n    }\n  }\n": typeof types.SyncEmailAccountDocument,
    "\n  query Suggestion($uid: UUID!) {\n    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }\n  }\n": typeof types.SuggestionDocument,
};
const documents: Documents = {
    "\n  query WhoAmI { viewer { actor scopes organization { uid name } } }\n": types.WhoAmIDocument,
    "\n  query ApiKeys { apiKeys { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }\n": types.ApiKeysDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      __typename\n      ... on CreateApiKeyPayload { secret apiKey { uid name prefix scopes expiresAt lastUsedAt } }\n      ... on InvalidInputError { code issues { path message } }\n    }\n  }\n": types.CreateApiKeyDocument,
    "\n  mutation RevokeApiKey($uid: UUID!) {\n    revokeApiKey(uid: $uid) {\n      __typename\n      ... on RevokeApiKeyPayload { apiKey { uid revokedAt } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.RevokeApiKeyDocument,
    "\n  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {\n    connectEmailAccount(input: $input) {\n      __typename\n      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": types.ConnectEmailAccountDocument,
    "\n  mutation DisconnectEmailAccount($uid: UUID!) {\n    disconnectEmailAccount(uid: $uid) {\n      __typename\n      ... on DisconnectEmailAccountPayload {\n        waitingEmails\n        revoked\n        emailAccount { uid email status statusReason }\n      }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.DisconnectEmailAccountDocument,
    "\n  mutation UpsertCustomer($input: UpsertCustomerInput!) {\n    upsertCustomer(input: $input) {\n      __typename\n      ... on UpsertCustomerPayload { customer { uid externalId name email } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n": types.UpsertCustomerDocument,
    "\n  mutation UpsertInvoice($input: UpsertInvoiceInput!) {\n    upsertInvoice(input: $input) {\n      __typename\n      ... on UpsertInvoicePayload {\n        invoice {\n          uid number status currency paidDate paymentLink daysOverdue awaitingReply lastContactedAt\n          total { cents formatted } amountPaid { cents } amountDue { cents formatted } customer { uid }\n        }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.UpsertInvoiceDocument,
    "\n  query InvoiceState($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt awaitingReply\n      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }\n    }\n  }\n": types.InvoiceStateDocument,
    "\n  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { uid subject } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.ConversationsPageDocument,
    "\n  query InvoicesPage($filter: InvoiceFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    invoices(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { number issueDate total { cents } customer { externalId } awaitingReply } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.InvoicesPageDocument,
    "\n  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    invoice(number: $number) {\n      conversations(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid subject } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": types.LinkedPageDocument,
    "\n  mutation Link($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }\n      ... on Error { code message }\n    }\n  }\n": types.LinkDocument,
    "\n  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }\n      ... on Error { code message }\n    }\n  }\n": types.UnlinkDocument,
    "\n  query WithParticipant($participant: EmailAddress!) {\n    conversations(filter: { participant: $participant }) { totalCount }\n  }\n": types.WithParticipantDocument,
    "\n  query AccountBudget($uid: UUID!) {\n    emailAccount(uid: $uid) { status statusReason sendBudget { sentLast24h dailyLimit nextSendAt } }\n  }\n": types.AccountBudgetDocument,
    "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contextUid\n          failure { code message retry }\n        }\n      }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on DraftConflictError { current { uid revision } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n": types.SendEmailDocument,
    "\n  mutation CreateDraftWithFiles($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { attachments { uid filename size sha256 downloadUrl } } }\n    }\n  }\n": types.CreateDraftWithFilesDocument,
    "\n  query ReceivedFiles($uid: UUID!) {\n    emailMessage(uid: $uid) { attachments { uid filename contentType size contentId downloadUrl } }\n  }\n": types.ReceivedFilesDocument,
    "\n  query ReceivedHash($uid: UUID!) { emailMessage(uid: $uid) { attachments { sha256 } } }\n": types.ReceivedHashDocument,
    "\n  query FilteredEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }\n  }\n": types.FilteredEmailsDocument,
    "\n  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }\n": types.FilteredDraftsDocument,
    "\n  query FilteredConversations($filter: ConversationFilter) {\n    conversations(filter: $filter) { totalCount edges { node { uid } } }\n  }\n": types.FilteredConversationsDocument,
    "\n  query FilteredInvoices($filter: InvoiceFilter) { invoices(filter: $filter) { totalCount edges { node { uid } } } }\n": types.FilteredInvoicesDocument,
    "\n  query Customers($first: Int, $after: String) {\n    customers(first: $first, after: $after) { totalCount edges { cursor node { uid externalId } } pageInfo { endCursor } }\n  }\n": types.CustomersDocument,
    "\n  query OutboundEmailsPage(\n    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String\n  ) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.OutboundEmailsPageDocument,
    "\n  query OutboundEmailsCount($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, first: 2) { totalCount edges { node { uid } } }\n  }\n": types.OutboundEmailsCountDocument,
    "\n  query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {\n    conversation(uid: $uid) {\n      messages(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid } }\n        pageInfo { hasNextPage hasPreviousPage endCursor startCursor }\n      }\n    }\n  }\n": types.ConversationMessagesDocument,
    "\n  query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {\n    outboundEmail(uid: $uid) {\n      events(first: $first, after: $after) { totalCount edges { cursor node { type } } pageInfo { hasNextPage } }\n    }\n  }\n": types.OutboundEmailEventsDocument,
    "\n  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {\n    markConversationRead(uid: $uid, read: $read) {\n      __typename\n      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }\n      ... on Error { code retry }\n      ... on AccountNotReadyError { account { status } }\n      ... on ProviderError { providerStatus providerReason }\n    }\n  }\n": types.MarkReadDocument,
    "\n  query ReadMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      from { address name }\n      to { address }\n      cc { address }\n      replyTo { address name }\n      subject\n      snippet\n      bodyText\n      bodyHtml\n      sentAt\n      problem\n      references\n      attachments { filename contentType size }\n      conversation { subject participants messageCount }\n      replySuggestion(all: true) { to cc subject quotedText quotedHtml }\n    }\n  }\n": types.ReadMessageDocument,
    "\n  query Bounces($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status\n      failure { code retry }\n      providerMessageId\n      messageId\n      conversation { uid hasReply isRead messageCount }\n      message { uid }\n      bounces { recipient status diagnostic permanent at }\n      events(first: 50) { edges { node { type actor detail } } }\n    }\n  }\n": types.BouncesDocument,
    "query Accounts { emailAccounts { uid email } }": types.AccountsDocument,
    "\n  query Sent {\n    outboundEmails(first: 100) { edges { node { uid subject status } } }\n  }\n": types.SentDocument,
    "query ById($uid: UUID!) { outboundEmail(uid: $uid) { uid status } }": types.ByIdDocument,
    "query Who { viewer { organization { name } scopes } }": types.WhoDocument,
    "\n  query FoundConversations($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n  }\n": types.FoundConversationsDocument,
    "\n  query SearchedEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC, first: 100) { edges { node { uid } } }\n  }\n": types.SearchedEmailsDocument,
    "\n  query SearchAll($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n    outboundEmails(filter: { search: $search }) { totalCount }\n  }\n": types.SearchAllDocument,
    "\n  query OutboundRecord($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      uid\n      status\n      mode\n      threading\n      fromEmail\n      fromAccount { uid email }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contextType\n      contextUid\n      context { __typename ... on Invoice { number } }\n      providerMessageId\n      providerThreadId\n      messageId\n      idempotencyKey\n      sentAt\n      attempts\n      nextAttemptAt\n      failure { code message retry }\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId downloadUrl }\n      conversation {\n        uid\n        ownerEmail\n        providerThreadId\n        subject\n        messageCount\n        hasReply\n        participants\n        contexts { __typename ... on Invoice { number } }\n      }\n      message {\n        uid\n        direction\n        from { address name }\n        subject\n        bodyText\n        messageId\n        inReplyTo\n        references\n        providerMessageId\n        labels\n        attachments { filename sha256 }\n      }\n      events(first: 50) { edges { node { type actor detail } } }\n    }\n  }\n": types.OutboundRecordDocument,
    "\n  query InvoiceContact($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt\n      awaitingReply\n      outboundEmails { totalCount edges { node { uid } } }\n      conversations { totalCount edges { node { uid } } }\n      drafts { totalCount edges { node { uid } } }\n    }\n  }\n": types.InvoiceContactDocument,
    "\n  query StoredMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      uid\n      messageId\n      references\n      conversation { uid providerThreadId messageCount hasReply }\n      replySuggestion { to cc subject }\n    }\n  }\n": types.StoredMessageDocument,
    "\n  mutation CreateDraft($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid revision status } }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n": types.CreateDraftDocument,
    "\n  mutation UpdateDraft($input: UpdateDraftInput!) {\n    updateDraft(input: $input) {\n      __typename\n      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid revision subject } }\n    }\n  }\n": types.UpdateDraftDocument,
    "\n  mutation DeleteDraft($uid: UUID!) {\n    deleteDraft(uid: $uid) {\n      __typename\n      ... on DeleteDraftPayload { draftUid }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid } }\n    }\n  }\n": types.DeleteDraftDocument,
    "\n  query DraftRecord($uid: UUID!) {\n    draft(uid: $uid) {\n      uid\n      revision\n      status\n      fromEmail\n      fromAccount { uid }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contextType\n      contextUid\n      plannedSendAt\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId }\n      lastFailure { code message retry }\n    }\n  }\n": types.DraftRecordDocument,
    "\n  query ScheduledDrafts($scheduled: Boolean!) {\n    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }\n  }\n": types.ScheduledDraftsDocument,
    "\n  mutation CancelOutboundEmail($uid: UUID!) {\n    cancelOutboundEmail(uid: $uid) {\n      __typename\n      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": types.CancelOutboundEmailDocument,
    "\n  mutation RetryOutboundEmail($uid: UUID!) {\n    retryOutboundEmail(uid: $uid) {\n      __typename\n      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n      ... on SendRejectedError { providerStatus outboundEmail { uid status } }\n    }\n  }\n": types.RetryOutboundEmailDocument,
    "\n  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {\n    resolveOutboundEmail(uid: $uid, outcome: $outcome) {\n      __typename\n      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n": types.ResolveOutboundEmailDocument,
    "\n  query State($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status threading providerMessageId providerThreadId attempts\n      failure { code retry }\n      events(first: 100) { edges { node { type detail } } }\n    }\n  }\n": types.StateDocument,
    "\n  mutation SyncEmailAccount($uid: UUID!) {\n    syncEmailAccount(uid: $uid) {\n      __typename\n      ... on SyncEmailAccountPayload { account { lastSyncedAt sync { state imported estimated error { code message at } } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on AccountNotReadyError { account { status } }\n      ... on SyncNotPossibleError { reason retryAt account { uid } }\n    }\n  }\n": types.SyncEmailAccountDocument,
    "\n  query Suggestion($uid: UUID!) {\n    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }\n  }\n": types.SuggestionDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WhoAmI { viewer { actor scopes organization { uid name } } }\n"): typeof import('./graphql.ts').WhoAmIDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ApiKeys { apiKeys { uid name prefix scopes createdAt expiresAt lastUsedAt revokedAt } }\n"): typeof import('./graphql.ts').ApiKeysDocument;
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
export function graphql(source: "\n  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {\n    connectEmailAccount(input: $input) {\n      __typename\n      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').ConnectEmailAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DisconnectEmailAccount($uid: UUID!) {\n    disconnectEmailAccount(uid: $uid) {\n      __typename\n      ... on DisconnectEmailAccountPayload {\n        waitingEmails\n        revoked\n        emailAccount { uid email status statusReason }\n      }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').DisconnectEmailAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpsertCustomer($input: UpsertCustomerInput!) {\n    upsertCustomer(input: $input) {\n      __typename\n      ... on UpsertCustomerPayload { customer { uid externalId name email } }\n      ... on InvalidInputError { issues { path message } }\n    }\n  }\n"): typeof import('./graphql.ts').UpsertCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpsertInvoice($input: UpsertInvoiceInput!) {\n    upsertInvoice(input: $input) {\n      __typename\n      ... on UpsertInvoicePayload {\n        invoice {\n          uid number status currency paidDate paymentLink daysOverdue awaitingReply lastContactedAt\n          total { cents formatted } amountPaid { cents } amountDue { cents formatted } customer { uid }\n        }\n      }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').UpsertInvoiceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InvoiceState($uid: UUID!) {\n    invoice(uid: $uid) {\n      lastContactedAt awaitingReply\n      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }\n    }\n  }\n"): typeof import('./graphql.ts').InvoiceStateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { uid subject } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').ConversationsPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InvoicesPage($filter: InvoiceFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    invoices(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      edges { cursor node { number issueDate total { cents } customer { externalId } awaitingReply } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').InvoicesPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    invoice(number: $number) {\n      conversations(first: $first, after: $after, last: $last, before: $before) {\n        totalCount\n        edges { cursor node { uid subject } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').LinkedPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Link($uid: UUID!, $context: ContextRefInput!) {\n    linkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }\n      ... on Error { code message }\n    }\n  }\n"): typeof import('./graphql.ts').LinkDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {\n    unlinkConversation(uid: $uid, context: $context) {\n      __typename\n      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }\n      ... on Error { code message }\n    }\n  }\n"): typeof import('./graphql.ts').UnlinkDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WithParticipant($participant: EmailAddress!) {\n    conversations(filter: { participant: $participant }) { totalCount }\n  }\n"): typeof import('./graphql.ts').WithParticipantDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AccountBudget($uid: UUID!) {\n    emailAccount(uid: $uid) { status statusReason sendBudget { sentLast24h dailyLimit nextSendAt } }\n  }\n"): typeof import('./graphql.ts').AccountBudgetDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SendEmail($input: SendEmailInput!) {\n    sendEmail(input: $input) {\n      __typename\n      ... on SendEmailPayload {\n        replayed\n        outboundEmail {\n          uid\n          status\n          mode\n          threading\n          providerMessageId\n          providerThreadId\n          sentAt\n          attempts\n          nextAttemptAt\n          contextUid\n          failure { code message retry }\n        }\n      }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on IdempotencyConflictError { differingFields existing { uid } }\n      ... on AccountNotReadyError { account { uid status } }\n      ... on ReplyNotPossibleError { reason }\n      ... on DraftConflictError { current { uid revision } }\n      ... on SendRejectedError { providerStatus providerReason outboundEmail { uid status } }\n    }\n  }\n"): typeof import('./graphql.ts').SendEmailDocument;
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
export function graphql(source: "\n  query FilteredEmails($filter: OutboundEmailFilter) {\n    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }\n  }\n"): typeof import('./graphql.ts').FilteredEmailsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }\n"): typeof import('./graphql.ts').FilteredDraftsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilteredConversations($filter: ConversationFilter) {\n    conversations(filter: $filter) { totalCount edges { node { uid } } }\n  }\n"): typeof import('./graphql.ts').FilteredConversationsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilteredInvoices($filter: InvoiceFilter) { invoices(filter: $filter) { totalCount edges { node { uid } } } }\n"): typeof import('./graphql.ts').FilteredInvoicesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Customers($first: Int, $after: String) {\n    customers(first: $first, after: $after) { totalCount edges { cursor node { uid externalId } } pageInfo { endCursor } }\n  }\n"): typeof import('./graphql.ts').CustomersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OutboundEmailsPage(\n    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String\n  ) {\n    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').OutboundEmailsPageDocument;
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
export function graphql(source: "\n  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {\n    markConversationRead(uid: $uid, read: $read) {\n      __typename\n      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }\n      ... on Error { code retry }\n      ... on AccountNotReadyError { account { status } }\n      ... on ProviderError { providerStatus providerReason }\n    }\n  }\n"): typeof import('./graphql.ts').MarkReadDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadMessage($uid: UUID!) {\n    emailMessage(uid: $uid) {\n      from { address name }\n      to { address }\n      cc { address }\n      replyTo { address name }\n      subject\n      snippet\n      bodyText\n      bodyHtml\n      sentAt\n      problem\n      references\n      attachments { filename contentType size }\n      conversation { subject participants messageCount }\n      replySuggestion(all: true) { to cc subject quotedText quotedHtml }\n    }\n  }\n"): typeof import('./graphql.ts').ReadMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Bounces($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status\n      failure { code retry }\n      providerMessageId\n      messageId\n      conversation { uid hasReply isRead messageCount }\n      message { uid }\n      bounces { recipient status diagnostic permanent at }\n      events(first: 50) { edges { node { type actor detail } } }\n    }\n  }\n"): typeof import('./graphql.ts').BouncesDocument;
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
export function graphql(source: "\n  query FoundConversations($search: String!) {\n    conversations(filter: { search: $search }) { totalCount }\n  }\n"): typeof import('./graphql.ts').FoundConversationsDocument;
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
export function graphql(source: "\n  query OutboundRecord($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      uid\n      status\n      mode\n      threading\n      fromEmail\n      fromAccount { uid email }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contextType\n      contextUid\n      context { __typename ... on Invoice { number } }\n      providerMessageId\n      providerThreadId\n      messageId\n      idempotencyKey\n      sentAt\n      attempts\n      nextAttemptAt\n      failure { code message retry }\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId downloadUrl }\n      conversation {\n        uid\n        ownerEmail\n        providerThreadId\n        subject\n        messageCount\n        hasReply\n        participants\n        contexts { __typename ... on Invoice { number } }\n      }\n      message {\n        uid\n        direction\n        from { address name }\n        subject\n        bodyText\n        messageId\n        inReplyTo\n        references\n        providerMessageId\n        labels\n        attachments { filename sha256 }\n      }\n      events(first: 50) { edges { node { type actor detail } } }\n    }\n  }\n"): typeof import('./graphql.ts').OutboundRecordDocument;
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
export function graphql(source: "\n  mutation CreateDraft($input: CreateDraftInput!) {\n    createDraft(input: $input) {\n      __typename\n      ... on CreateDraftPayload { draft { uid revision status } }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n    }\n  }\n"): typeof import('./graphql.ts').CreateDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateDraft($input: UpdateDraftInput!) {\n    updateDraft(input: $input) {\n      __typename\n      ... on UpdateDraftPayload { draft { uid revision status plannedSendAt } }\n      ... on Error { code message retry }\n      ... on InvalidInputError { issues { path message } }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid revision subject } }\n    }\n  }\n"): typeof import('./graphql.ts').UpdateDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteDraft($uid: UUID!) {\n    deleteDraft(uid: $uid) {\n      __typename\n      ... on DeleteDraftPayload { draftUid }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on DraftConflictError { current { uid } }\n    }\n  }\n"): typeof import('./graphql.ts').DeleteDraftDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DraftRecord($uid: UUID!) {\n    draft(uid: $uid) {\n      uid\n      revision\n      status\n      fromEmail\n      fromAccount { uid }\n      to\n      cc\n      bcc\n      replyTo\n      subject\n      bodyText\n      bodyHtml\n      contextType\n      contextUid\n      plannedSendAt\n      replyToMessage { uid }\n      attachments { filename contentType size sha256 contentId }\n      lastFailure { code message retry }\n    }\n  }\n"): typeof import('./graphql.ts').DraftRecordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ScheduledDrafts($scheduled: Boolean!) {\n    drafts(first: 50, filter: { scheduled: $scheduled }) { edges { node { uid status plannedSendAt } } }\n  }\n"): typeof import('./graphql.ts').ScheduledDraftsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelOutboundEmail($uid: UUID!) {\n    cancelOutboundEmail(uid: $uid) {\n      __typename\n      ... on CancelOutboundEmailPayload { outboundEmail { uid status } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n"): typeof import('./graphql.ts').CancelOutboundEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryOutboundEmail($uid: UUID!) {\n    retryOutboundEmail(uid: $uid) {\n      __typename\n      ... on SendEmailPayload { replayed outboundEmail { uid status attempts failure { code } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n      ... on SendRejectedError { providerStatus outboundEmail { uid status } }\n    }\n  }\n"): typeof import('./graphql.ts').RetryOutboundEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResolveOutboundEmail($uid: UUID!, $outcome: UnconfirmedOutcome!) {\n    resolveOutboundEmail(uid: $uid, outcome: $outcome) {\n      __typename\n      ... on ResolveOutboundEmailPayload { outboundEmail { uid status failure { code } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on InvalidStateError { status }\n    }\n  }\n"): typeof import('./graphql.ts').ResolveOutboundEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query State($uid: UUID!) {\n    outboundEmail(uid: $uid) {\n      status threading providerMessageId providerThreadId attempts\n      failure { code retry }\n      events(first: 100) { edges { node { type detail } } }\n    }\n  }\n"): typeof import('./graphql.ts').StateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SyncEmailAccount($uid: UUID!) {\n    syncEmailAccount(uid: $uid) {\n      __typename\n      ... on SyncEmailAccountPayload { account { lastSyncedAt sync { state imported estimated error { code message at } } } }\n      ... on Error { code message retry }\n      ... on NotFoundError { entity uid }\n      ... on AccountNotReadyError { account { status } }\n      ... on SyncNotPossibleError { reason retryAt account { uid } }\n    }\n  }\n"): typeof import('./graphql.ts').SyncEmailAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Suggestion($uid: UUID!) {\n    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }\n  }\n"): typeof import('./graphql.ts').SuggestionDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
