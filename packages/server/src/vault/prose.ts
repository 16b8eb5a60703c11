/**
 * What prose looks like in a record, about nobody: the words, turns and line ends that questions and answers are made of. Part of the format (coding 3,
 * `docs/format.md`, section 12.2), so never to be changed.
 */
import { utf8 } from '@deponent/format'

export const PROSE: Uint8Array = utf8(
  "Hello! I would like to know whether you can help me with this. Thank you for your question, and I'm sorry to hear that you have had " +
    'trouble with it. Could you please tell me more about what happened, when it started, and what you have already tried? ' +
    'Here is what I would suggest:\\n\\n1. **First**, check that the information you were given is correct and up to date.\\n2. **Then**, make sure that ' +
    'the account is in the right name and that nothing else has changed since.\\n3. **Finally**, if the problem is still there after a few days, ' +
    "contact customer service, who should be able to find out which of these applies to you.\\n\\nIt's important to understand that this is general " +
    'information, not legal, medical or financial advice. You may want to talk to someone who knows your situation before you make a decision. ' +
    'There are several things to consider here. On the one hand, the first option costs less at the beginning and does not need any further work; on ' +
    'the other hand, it takes longer, and there is no guarantee that the result will be the same. In most cases people choose the second one because ' +
    "they don't want to wait.\\n\\nFor example, let us say that a person has been with the company for more than three years, but has not used the service " +
    'during the last twelve months. According to the terms and conditions, the contract can then be ended by either side at the end of each month, provided ' +
    'that notice is given in writing at least thirty days before. If that was not done, the agreement continues for another year under the ' +
    'same conditions as before.\\n\\nThe following table shows the difference between them:\\n\\n- **What it is**: a short description of the product and how it ' +
    'works.\\n- **Who it is for**: anyone whose income is below the limit, including students and families with children.\\n- **What it costs**: ' +
    "between ten and twenty percent of the total amount, depending on where you live.\\n\\nHowever, these numbers are only an example. I don't have access " +
    'to your personal data, so I cannot say exactly how much it would be for you. If you would like, I can explain each step in more detail, or write a short letter ' +
    'that you could send to them.\\n\\nSubject: Request for further information\\n\\nDear Sir or Madam,\\n\\nI am writing to you because I have not received an answer to my ' +
    'application of last month. As far as I know, all of the required documents were sent together with the form, and I was told that it would take about two weeks. ' +
    'Would you be so kind as to let me know whether anything is missing, and when I can expect a reply? I look forward to hearing from you.\\n\\nYours sincerely,\\n\\n' +
    'Let me know if there is anything else I can do for you!\\n\\nTo answer this question we need to look at how the system was designed. A request is first read ' +
    'by the server, which checks that it is valid and that the user is allowed to make it; then the data is written to the database, and only after this has been ' +
    'done does the client get its response. When something goes wrong, an error is returned instead, with a message that says what failed and why. This means that ' +
    'the same operation can be run again without changing the result, since every file, record and value that was created before is either found or replaced. ' +
    "The default setting is usually good enough; if it isn't, set the number of threads to a higher value, use a larger cache, or add an index to the column that is being " +
    'searched. Note that each of these needs more memory, and that the first call after a restart will always be slower than those that follow.\\n\\n```\\nfunction ' +
    'first(list) {\\n  if (list.length === 0) return null\\n  return list[0]\\n}\\n```\\n\\nIn this code the function takes a list and returns its first element, or nothing ' +
    'when the list is empty. You can test it by running the command below:\\n\\nWe have now seen that there are two kinds of reasons for such a change: those which come from outside, ' +
    'like a new law or a different market, and those that come from within the organisation itself. Both must be taken into account. The report states ' +
    'that over the past five years the number of people in this group has increased by almost a third, while the average age has remained the same. It also shows how ' +
    'important it is for public services to work well together, especially where children, health or housing are concerned. Although this has often been said before, ' +
    'very little has been done about it so far, and it is not clear whose responsibility it would be. What makes it difficult is that no one wants to be the first to begin, even ' +
    'though everyone would gain from it.\\n\\nSummary: the main point is that nothing should be decided without knowing the facts. They should be open to all, they should be easy ' +
    'to read, and they must be kept for as long as somebody may need them. Whether or not these rules apply to a given case depends on its history, on the type of work, and on what both ' +
    'sides have agreed. Any such agreement has to be made at the time, because afterwards it can no longer be proven who knew what. \\"Yes,\\" she said, \\"but that is exactly what they told us ' +
    'the last time, and we never heard from them again.\\" He looked at her for a moment, then turned away and went back into the house through the open door. ',
)
