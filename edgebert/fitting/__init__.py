"""From labelled data and a budget to the file that ships: `edgebert fit`, step by step."""
