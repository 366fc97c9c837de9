"""What the model reads.  A newcomer's map, in the order of a sample's way:

sample.py        the one record: images, questions and answers or a page of text, truth, its leaf of the taxonomy
world.py         scenes as plain data, drawn at any size; lettering.py, painter.py, words.py are its tools
captions.py  interleaved.py  charts.py  webcode.py  scenetext.py  documents.py  text.py
                 the rows of the paper's Table 1, a module each; handwriting.py and drills.py beside them
plots.py  webpage.py  markdownpage.py  pictures.py
                 pictures that are not scenes: charts, web pages, rendered Markdown, as plain data too
taxonomy.py      the paper's Table 3, leaf by leaf; instructions/ draws them, and Table 2's dialogues;
                 unanswerable.py: what a picture can't tell
sources.py       every source by its name: sample(source, seed, index)

records.py       records of one's own, from and to files (files.py reads them); public.py: data sets on the hub
problems.py      what can be wrong with a record; check.py lists it, quarantine.py counts what is left out

tables.py        Tables 1 and 2 as shares; feeds.py: endless and finite sources
mixture.py       which samples a step reads: warm-up, grouping, ranks and workers
collate.py       samples to tokens and labels; packing.py: many texts in one row
show.py  stats.py  editor.py    to look before training
"""
