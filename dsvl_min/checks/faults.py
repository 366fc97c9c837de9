"""The catalogue of mistakes: each by its name, with what its maker should hear.

Every name is planted into the package's code by tests/checks/planted.py; a test proves that a check finds it and calls
it by this name.  New chapters add to both.
"""

FAULTS = {
    # any function
    "changes its input": (
        "Your function changes a tensor it was given. Whoever called it still needs that tensor: make a copy "
        "(clone(), or an operation without the trailing underscore) and change that."
    ),
    "changes the number format": "The output isn't in the number format of the input.",
    # attention
    "forgotten 1/√d": (
        "The scores are not divided by √E, the root of a head's width. Dot products of E numbers grow like "
        "√E, and the softmax puts nearly all its weight on one key."
    ),
    "divided by d": "The scores are divided by E, not by its root: the softmax comes out nearly flat.",
    "mask off by one: the future is seen": (
        "A query sees the key after its own position. In training that key is the answer: the loss will look "
        "splendid, and generation won't work."
    ),
    "mask off by one: blind to itself": "A query doesn't see its own position; the first sees nothing at all.",
    "softmax over the queries": (
        "The weights of a query over its keys should add up to one; yours add up to one over the queries."
    ),
    # positions and cache
    "positions added at each step": (
        "With a cache every step counts its positions from zero again, so each new token stands at the "
        "sentence's beginning. The first token comes out right, and nothing after it."
    ),
    "neighbours turned": (
        "Neighbours (x_0, x_1) are turned together. The released weights pair each value with the one half a head "
        "away, (x_i, x_{i+E/2}); the other pairing exists elsewhere, and weights for one don't work with the other."
    ),
    "turned the other way": (
        "The pairs are turned backwards. If queries and keys are both turned so, a distance of +3 looks like -3."
    ),
    "no rotation": "Both sines have the same sign, so lengths change: in a rotation one of them is negative.",
    "pairs counted as values": (
        "The exponent is i/E, where i counts pairs; it should be 2i/E. The last pair would turn no slower than the "
        "middle one should."
    ),
    "groups tiled, not repeated": (
        "The heads of keys are laid out 0, 1, 2, 0, 1, 2. Query heads that share one stand beside each other: "
        "0, 0, 1, 1, 2, 2."
    ),
    "written over the beginning": "The new keys are written at the start of the cache, over those of the prompt.",
    "filled moved in a layer": (
        "`filled` moved while one layer was written. It counts positions for all layers: the decoder moves it once, "
        "after the last."
    ),
    "empty places returned": (
        "The whole store is returned, with places nobody has written yet. Their keys are zero, not absent: a softmax "
        "gives them weight."
    ),
    "only the new ones returned": "Only the new keys come back. A new token has to see all that lies in the cache.",
    "keys kept as values": "The values that come back are the keys.",
    "values forgotten": "Half of it is missing: keys *and* values are kept.",
    "layers forgotten": "That is one layer's. Every layer keeps its own.",
    "query heads counted": "Query heads are counted. Keys and values have heads of their own, perhaps fewer.",
    # encoders
    "only the class token kept": (
        "One token comes out for the whole picture. DeepSeek-VL has no class token to keep: it reads every patch."
    ),
    "positions missing": "The patches carry no positions: shuffle them, and the output is the same, shuffled.",
    "tanh GELU": (
        "This is GELU's tanh approximation. DeepSeek-VL's encoders use the exact one (erf); the two differ by "
        "up to 5e-4, enough to fail an equality test and too little to see in a loss."
    ),
    "alpha branch missing": (
        "SAM's second path is missing: what leaves after the first global block, through a neck of its own, "
        "times alpha. The paper doesn't mention it; the released weights have it."
    ),
    # matching
    "mean over all pairs": (
        "That is the mean over all pairs, B times smaller: in a larger batch every pair would count for less. "
        "SigLIP sums over the captions and averages over the pictures."
    ),
    "only the pairs that fit": (
        "Only the pairs that fit are counted. Say yes to everything, and this loss is nought: what doesn't fit has to "
        "count too."
    ),
    "the same for fit and misfit": (
        "Every pair is asked to fit. The sign belongs inside the logarithm: plus for a pair that fits, minus for one "
        "that doesn't."
    ),
    "signs exchanged": "The signs are exchanged: what fits is pushed apart, and what doesn't is pulled together.",
    "one winner for each picture": (
        "That is a softmax: the captions compete for each picture, and one of them wins. The sigmoid loss asks "
        "of every pair on its own, does it fit?"
    ),
    "log of a sigmoid that is nought": (
        "A sigmoid of -120 is nought in float32, and its logarithm is minus infinity. Take both in one: F.logsigmoid."
    ),
    "odds upside down": "The odds are upside down: a rare thing needs a negative bias.",
    "log of the share": (
        "That is the logarithm of the share. The sigmoid's inverse takes the odds: share against what is left of one."
    ),
    "odds without a log": "Those are the odds. The sigmoid's inverse is their logarithm.",
    # masks
    "a likeness for a loss": "That is how alike they are, 1 for a perfect mask. A loss is one minus that.",
    "overlap counted once": (
        "What both cover is counted once. It is part of both masks, so it stands twice in the sum below and has to "
        "stand twice above: a perfect mask must lose nothing."
    ),
    "masks thrown together": (
        "One number comes out for many masks, or their pixels are added up. Each mask has a loss of its own: sum over "
        "the last two axes."
    ),
    "nothing against nothing": (
        "An empty mask for an empty target gives 0/0. One added above and one below makes it lose nothing."
    ),
    "every mask must answer": (
        "That is the mean over the three masks. Each is then pulled towards every answer, and all three end "
        "at the same blur between them."
    ),
    "one mask for everything": (
        "One mask is chosen for all prompts together. Each prompt has its own best: the smallest over the last axis, "
        "and only then the mean."
    ),
    "the worst for the best": "That is each prompt's worst mask.",
    # patches
    "patches column by column": (
        "The patches come column by column. They are read like text, row by row; the learnt positions, and the other "
        "encoder's tokens, expect that order."
    ),
    "channels last": (
        "Within a patch the colours come last. A convolution's weight has them first: all reds, then all greens, then "
        "all blues."
    ),
    "patch on its side": "Rows and columns are exchanged within each patch: every patch lies on its side.",
    "reshaped without moving": (
        "The numbers were only dealt out in the order in which they lie in memory, so a patch holds strips of pixel "
        "rows. Split both axes first, move them, then flatten."
    ),
    # windows and relative positions
    "padding at the top left": (
        "The padding is at the top and left. It belongs at the bottom and right: with it elsewhere every window holds "
        "other patches, and every learnt relative position meets other neighbours."
    ),
    "padding all round": (
        "The padding is split between both sides. It belongs at the bottom and right alone, as the released weights "
        "expect."
    ),
    "padding left out": ("What doesn't fill a window is thrown away. Pad instead: every patch must be in some window."),
    "windows as strips": (
        "The axes are split but not moved: each window holds strips of whole rows. Bring the two window axes together "
        "before you flatten."
    ),
    "windows on their side": "Rows and columns are exchanged, among the windows and within each.",
    "windows column by column": "The windows come column by column; they are read like text, row by row.",
    "un-padding forgotten": (
        "The padding is still there. Cut it off at the bottom and right, or the next addition won't fit."
    ),
    "cut from the wrong corner": "The padding was at the bottom and right; you cut off the top and left.",
    "offset's sign flipped": (
        "The offset is key minus query. It is query minus key: now each patch takes what lies above it for what lies "
        "below."
    ),
    "rows for columns": "The table of rows is used for columns and the other way round.",
    "gain divided too": (
        "What relative positions add is divided by √E as well. Only the product of query and key is; the gain comes "
        "from the query as it is."
    ),
    "gain from the key": "The gain is the key's product with the tables. It is the query's.",
    "no relative positions": "The tables have no effect on your scores.",
    # pixels
    "wrong mean": (
        "The pixels are normalised with another data set's mean and standard deviation (these are "
        "ImageNet's). Each encoder has its own, in its configuration."
    ),
    "mean forgotten": "The mean is not taken off before dividing.",
    "pixels from 0 to 255": ("The pixels still run from 0 to 255; they are to lie between 0 and 1 before normalising."),
    # joining
    "concat order swapped": (
        "The low-resolution half comes first. Released weights expect the high-resolution half first; shapes "
        "fit either way, so nothing but the numbers will tell you."
    ),
    "GELU forgotten": "The GELU is missing: two linear layers in a row are one linear layer.",
    "GELU on one half": "One encoder's half goes through the GELU and the other doesn't; both do.",
    "GELU after the last layer": (
        "The GELU stands behind the last layer, so an image token could hardly have a negative value. It stands "
        "between the two layers."
    ),
    "half the width for a single encoder": (
        "With a single encoder there is nothing to join: it fills the decoder's whole width, not half of it."
    ),
    # fitting
    "constant forgotten": (
        "The constant is missing: the map goes through zero, whatever the means are. Add a column of ones to the "
        "inputs, or take both means off and put them back."
    ),
    "inputs' mean forgotten": (
        "The bias is the outputs' mean. That is right only where the inputs' mean is zero: take off "
        "weight · mean(inputs)."
    ),
    "fitted the wrong way round": "The map goes from outputs to inputs.",
    "weight not turned": (
        "The weight is transposed. lstsq solves inputs @ W = outputs; nn.Linear multiplies by its weight's transpose."
    ),
    # images into text
    "every token an image": (
        "Placeholders are counted, not images. An image has as many placeholders as it has tokens: divide, and "
        "round down."
    ),
    "text numbered too": "Text carries the number of the last image before it; it should carry -1.",
    "images in reverse": "The images are placed in reverse: the first placeholders got the last image.",
    "each conversation starts over": (
        "Every conversation starts again at the first image. The images of a batch stand in one row, in "
        "reading order: the second conversation goes on where the first one stopped."
    ),
    "tokens inserted, not placed": (
        "The image tokens are inserted beside the placeholders, so the prompt grows. The processor has "
        "already held a place open for each: put the tokens there."
    ),
    "columns before rows": ("The image tokens are placed column by column. The grid is read like text, row by row."),
    # labels and batches
    "labels unmasked on the prompt": (
        "The prompt carries labels too. The model would be trained to say the questions; only answers and "
        "their end tokens count, and -100 stands everywhere else."
    ),
    "labels unmasked on the image": (
        "The image's places carry labels. The model would be trained to predict the placeholder token, "
        "thirty-six times a picture."
    ),
    "end token not supervised": "The end token carries no label, so the model never learns to stop.",
    "labels off by one": (
        "The labels are off by one. Logit i predicts token i + 1, and whether that counts is said by answered[i + 1]: "
        "shift once, ids and mask alike. Off by one, an answer's first token is not learnt, and what follows it is."
    ),
    "a sum for a mean": "That is the sum. It grows with what is summed, and the rate would have to know the batch.",
    "labels not shifted": (
        "Logit and label of the same position are compared. A position predicts the *next* token: drop the "
        "last logit and the first label."
    ),
    "mean over every position": (
        "The loss is averaged over every position, supervised or not. Divide by the number of labels that count."
    ),
    "right padding": (
        "The padding is on the right. In a batch the answer grows at the right end, so prompts must end "
        "together: pad on the left."
    ),
    "padding attended": "The padding isn't masked out: attention_mask must be 0 there.",
    # worlds
    "no fact differs": (
        "The two scenes differ in nothing one could ask about: the grain, or a whole turn, is no fact."
    ),
    "the pictures differ": ("The two pictures are not the same: somebody who knew both scenes could tell them apart."),
    # controls
    "nothing to tell": (
        "The right answer is the same for both pictures, so an answer that doesn't change tells nothing."
    ),
    "another colour comes in": (
        "A colour comes in that wasn't there, or goes. A model that only notices which colours are present "
        "would change its answer too, without knowing which object is which."
    ),
    "more than the answer changes": (
        "More than needed is changed. If the answer changes with it, you won't know what it followed."
    ),
    # a tokenizer's merges
    "only the first pair": "Only the first occurrence of the pair is merged: go on to the end of the list.",
    "merged from the right": (
        "The pairs are merged from the right. Where a token could belong to two pairs, the left one wins: text is "
        "read from the left, and learning and encoding must agree."
    ),
    "one of the pair left over": "Half of each pair stays beside the new token, so nothing gets shorter: step over it.",
    "nothing merged": "The list comes back as it was: is a pair of ids compared with a list, which is never equal?",
    "words counted once": (
        "Each word counts once, however often it occurs. The commonest words would then get no token of their own "
        "before the rarest: multiply by how often the word stands in the text."
    ),
    "rarest pair": "That is the pair that occurs least.",
    "pair across words": (
        "Those two never stand in one word. Words are kept apart, so that no token runs over the space between them."
    ),
    # what is read
    "a coin for each step": (
        "A coin is tossed at each step. Over a hundred steps the share is off by five points and more, and a run that "
        "goes on from step 1,000 would read something else than one that never stopped."
    ),
    "what was asked before counts": (
        "The answer depends on which steps were asked about before. A run that stops and goes on begins to ask in the "
        "middle: count from the step's number alone."
    ),
    "rounded at each step": (
        "The share is rounded at each step by itself, and so the remainder is lost every time. Round the sum of all "
        "steps so far, and see whether it has grown."
    ),
    "in blocks": (
        "The share holds in the long run, but text comes in blocks. For the length of a block the model sees no "
        "picture, or no text: spread them."
    ),
    "text and pictures exchanged": "Text and pictures are exchanged: True is a step of text.",
    "packing that leaks": (
        "A text sees the one packed before it. The loss looks fine, even better, and the model learns that anything "
        "may stand before a beginning."
    ),
    "a segment without order": "A position sees what comes after it in its own text: each text is still read forwards.",
    "rows that look at nothing": (
        "Some positions may look at nothing, not even at themselves. A softmax over nothing is NaN, and one NaN on the "
        "padding spoils every gradient."
    ),
    "one answer for every question": (
        "One answer is given to all questions. A blind student hears the question: whoever asks how many gets a number."
    ),
    "every question weighs the same": "Each question counts once, however often it is asked.",
    "guessed, not commonest": (
        "That is a guess among the answers, as if each were equally frequent. The commonest one is right more often."
    ),
    # one grid
    "corners aligned": (
        "The resize puts corner on corner (align_corners=True). DeepSeek-VL's puts the centres of cells where they "
        "belong: 16 cells and 24 cells cover the same picture."
    ),
    "activation between the convolutions": (
        "An activation stands between the two convolutions. In DeepSeek-VL there is none, and no norm: together "
        "they are one linear map."
    ),
    "resize left out": (
        "The grid isn't enlarged first. Halved twice, it ends with other cells than SigLIP's: they can't be joined."
    ),
    "border not padded": (
        "The convolutions don't pad the border: each loses a row and a column, and the grid comes out too small."
    ),
    "something else differs": "These two encoders are alike in what is asked, so nothing can be told about it.",
    "a second thing differs": (
        "These two encoders differ in more than one thing. If one reads better, you won't know which of them did it."
    ),
    # conversions
    "rows interleaved by head": (
        "You take the rows head by head: query, key, value, query, ... Some models store them so. Here all queries "
        "come first, then all keys, then all values; shapes fit either way."
    ),
    "thirds where heads are grouped": (
        "You cut the matrix into three equal parts. Where several query heads share a key head there are fewer rows of "
        "keys and values than of queries."
    ),
    "keys and values exchanged": "Keys and values are exchanged. They have the same shape, so only the numbers tell.",
    # stages
    "a frozen part that moves": (
        "A part moves that should be frozen. SAM's module holds two parts: its blocks stay frozen when its necks, "
        "convolutions and alpha train, so the beginning of a name doesn't decide; and a stage may train less than the "
        "one before it."
    ),
    "a part left behind": "A part that should train doesn't move: its parameters never reach the optimizer.",
    "more than asked for": (
        "The list holds parameters of parts that stay frozen. Without a gradient the optimizer passes them over, until "
        "the next stage thaws them: then they move by this one's rate."
    ),
    "frozen, and paid for": (
        "Frozen parts stay where they are, but gradients are computed for them and thrown away: set requires_grad to "
        "False. For a frozen decoder that is a third of the step."
    ),
    "warm-up in the wrong unit": (
        "The warm-up isn't counted in steps. The paper's 128 are steps of 256 samples: counted in samples, it is over "
        "in the first step; counted in epochs, it never ends."
    ),
    "a first step of nothing": (
        "The first step has a learning rate of nought: it costs as much as the others and learns nothing."
    ),
    "a rate that falls to nothing": (
        "The rate falls to nought, so the last steps learn next to nothing; it should end at a tenth."
    ),
    "LoRA that begins with a change": (
        "The output differs before anything was trained. One of A and B has to begin at nought, not both: then their "
        "product is nought and has a gradient all the same."
    ),
    "LoRA that can't begin": "A and B are both nought. Each one's gradient is a product with the other: neither moves.",
    "LoRA beside a matrix that trains too": ("The large matrix gets gradients too: freeze it, or nothing is saved."),
    "LoRA's scale forgotten": (
        "The factor alpha / rank is missing or wrong. With it, a rate found at one rank can be kept at another."
    ),
    "a fall that began before the rise": (
        "The cosine is counted from step 0, so when the warm-up ends the rate jumps down to where the cosine is by "
        "then. Count it from the end of the warm-up."
    ),
}
