"""Every wrong config is refused with a text that names the key, what came, what is allowed and what is near."""

import pytest

from gnnkit.runner import config as c

_MPNN = (
    "Allowed for 'vanilla_mpnn' here: dropout_rate, l2_regularization, message_dim, num_layers, receiver_tag, "
    "reduce_type, type, units, use_layer_normalization."
)
_TRAINING = (
    "Allowed here: backup_every_n_steps, batch_size, callbacks, checkpoint_every_n_steps, drop_remainder, early_stopping, "
    "epochs, gradient_clip, keep, learning_rate, optimizer, padding, resume, schedule, steps_per_epoch, "
    "summarize_every_n_steps, tensorboard, trainer, validation_freq, validation_per_epoch, validation_steps, weight_decay."
)
_PAPER = "Known: label, part, score, tags, venue, words, year."

_LABEL = "it: {type: node_classification, node_set: paper, label: label}"

# (overrides joined by &, path, message)
WRONG = [
    ("training.epocs=3", "training.epocs", f"unknown key 'epocs'. Did you mean 'epochs'? {_TRAINING}"),
    ("model.dropout=0.1", "model.dropout", f"unknown key 'dropout'. Did you mean 'dropout_rate'? {_MPNN}"),
    (
        "model.type=gnc",
        "model.type",
        "unknown type 'gnc'. Did you mean 'gcn'? Allowed: custom, gat, gat_v2, gcn, "
        "graph_sage, hgt, mt_albis, multi_head_attention, rgcn, transformer_conv, vanilla_mpnn.",
    ),
    (
        "task={node_set: paper}",
        "task",
        "the key 'type' is missing in {'node_set': 'paper'}; it says which kind is meant.",
    ),
    ("model.units=true", "model.units", "expected a whole number, got true."),
    ('model.units="8"', "model.units", "expected a whole number, got text '8'."),
    ("model.units=0", "model.units", "expected a number > 0, got 0."),
    ("model.units=", "model.units", "expected a whole number, got nothing (null)."),
    ("model.dropout_rate=1", "model.dropout_rate", "expected a number < 1, got 1."),
    (
        "model.reduce_type=mean|men",
        "model.reduce_type",
        "expected sum, mean, max, min, or several of them joined by '|', got text 'mean|men'.",
    ),
    ("model.receiver_tag=root", "model.receiver_tag", "expected one of source, target, got text 'root'."),
    ("training.epochs=2.5", "training.epochs", "expected a whole number, got 2.5."),
    ("training.learning_rate=fast", "training.learning_rate", "expected a number, got text 'fast'."),
    ("training.learning_rate=.inf", "training.learning_rate", "expected a finite number, got inf."),
    (
        "training.optimizer=adm",
        "training.optimizer",
        "expected one of adam, adamw, sgd, got text 'adm'. Did you mean 'adam'?",
    ),
    (
        "training.schedule=cosin",
        "training.schedule",
        "unknown type 'cosin'. Did you mean 'cosine'? Allowed: constant, cosine.",
    ),
    ("training.resume=yes", "training.resume", "expected true or false, got text 'yes'."),
    ("training=5", "training", "expected a mapping (keys with values), got 5."),
    (
        "task.type=node_regresion",
        "task.type",
        "unknown type 'node_regresion'. Did you mean 'node_regression'? Allowed: barlow_twins, "
        "binary_edge_classification, binary_graph_classification, binary_node_classification, custom, dgi, "
        "edge_classification, edge_regression, graph_classification, graph_regression, link_prediction, "
        "node_classification, node_regression, triplet, vicreg.",
    ),
    (
        "task={type: node_regression, node_set: paper, label: score, loss: mse}",
        "task.loss",
        "expected one of mean_squared_error, mean_absolute_error, mean_absolute_percentage_error, "
        "mean_squared_logarithmic_error, mean_squared_log_scaled_error, got text 'mse'.",
    ),
    (
        "task={type: node_regression, node_set: paper, label: venue}",
        "task.label",
        "expected a number or a vector of fixed length for each node; paper.venue is string.",
    ),
    (
        "training.early_stopping={monitor: valid_auc}",
        "training.early_stopping.monitor",
        "unknown metric of 'node_classification': 'valid_auc'. Did you mean 'valid_accuracy'? Known: valid_accuracy, "
        "valid_crossentropy, valid_loss.",
    ),
    (
        "task.classes=[a, b] & task.class_weights={3: 2}",
        "task.class_weights",
        "there is no class '3'; the classes are a, b.",
    ),
    ("task.label_smoothing=1", "task.label_smoothing", "expected a number < 1, got 1."),
    (
        "task={type: link_prediction, edge_set: cite}",
        "task.edge_set",
        "unknown edge set 'cite'. Did you mean 'cites'? Known: cites, writes, written_by.",
    ),
    (
        "task={type: link_prediction, edge_set: cites, negatives: 0}",
        "task.negatives",
        "expected a number > 0, got 0.",
    ),
    (
        "task={type: edge_classification, edge_set: written_by, label: ordr}",
        "task.label",
        "unknown feature of edge set 'written_by': 'ordr'. Did you mean 'order'? Known: order.",
    ),
    (
        "task={type: edge_regression, edge_set: written_by, label: order}",
        "features.edge_sets.written_by.order",
        "'order' is the label of the task; a model must not see it. Remove it.",
    ),
    (
        "task={type: graph_classification, node_set: paper, label: kind}",
        "task.type",
        "'graph_classification' needs data of many graphs: `data: {examples: FILES, schema: FILE}`.",
    ),
    (
        "task={type: dgi}",
        "task",
        "no task has labels, by which the best epoch is told. Put one that has beside it, under `tasks`.",
    ),
    (
        "task.weight=2.0",
        "task.weight",
        "a weight means something among several tasks only. Leave it out, or put the task under `tasks`.",
    ),
    (
        "tasks={dgi: {type: dgi}}",
        "tasks",
        "there is a `task` as well. Put all tasks under `tasks`, each with a name.",
    ),
    (
        f"sampling=none & task=null & tasks={{{_LABEL}, d: {{type: dgi}}}}",
        "tasks.d.type",
        "'dgi' is about the roots of sampled subgraphs, and does not go with `sampling: none`.",
    ),
    (
        "sampling=none & task={type: link_prediction, edge_set: cites}",
        "task.type",
        "'link_prediction' is about edges in sampled subgraphs, and does not go with `sampling: none`.",
    ),
    (
        f"task=null & tasks={{{_LABEL}, d: {{type: dgi, node_set: author}}}}",
        "tasks.d.node_set",
        "expected 'paper', as in the first task: all tasks are about the same nodes.",
    ),
    (
        f"task=null & tasks={{{_LABEL}, links: {{type: link_prediction, edge_set: cites}}}}",
        "tasks.links.type",
        "'link_prediction' cannot be learnt together with other tasks: several tasks are about the nodes of one set. "
        "Make it the only one, as `task`.",
    ),
    ("task=null", "task", "the key 'task' is missing. What is predicted."),
    (
        "task={class: MyTask, node_set: paper, label: year}",
        "task.class",
        "string should match pattern '^[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)+$', got text 'MyTask'.",
    ),
    (
        "data={examples: schema.pbtxt, schema: schema.pbtxt}",
        "task.type",
        "'node_classification' is about one graph, but "
        "the data are many. Use graph_classification, binary_graph_classification or graph_regression.",
    ),
    (
        "data={examples: schema.pbtxt, schema: schema.pbtxt}",
        "sampling",
        "examples are whole graphs, which are not sampled from: write `sampling: none`.",
    ),
    ("task.classes=many", "task.classes", "expected a whole number or a list, got text 'many'."),
    ("task.classes=1", "task.classes", "expected at least 2 classes, got 1."),
    ("task.classes=[a, b, a]", "task.classes", "named more than once: a."),
    ("task.node_set=papr", "task.node_set", "unknown node set 'papr'. Did you mean 'paper'? Known: author, paper."),
    ("task.label=lable", "task.label", f"unknown feature of node set 'paper': 'lable'. Did you mean 'label'? {_PAPER}"),
    (
        "task.label=score",
        "task.label",
        "expected a whole number or a text for each node; paper.score is float32.",
    ),
    (
        "split.feature=parts",
        "split.feature",
        f"unknown feature of node set 'paper': 'parts'. Did you mean 'part'? {_PAPER}",
    ),
    ("split.feature=label", "split.feature", "'label' is the label of the task; the split needs a feature of its own."),
    ("split.valid=train", "split.valid", "train is in 'train' as well; each value belongs to one part."),
    ("split={train: 0.9, valid: 0.2}", "split", "the shares add up to 1.3 (0.9 + 0.2 + 0.2); at most 1."),
    ("split={train: 0}", "split.train", "expected a number > 0: nothing is left to train on."),
    ("split={train: 60}", "split.train", "expected a number <= 1, got 60."),
    (
        "sampling=non",
        "sampling",
        "unknown type 'non'. Did you mean 'none'? Allowed: hops, none, spec, tree.",
    ),
    ("sampling={hops: []}", "sampling.hops", "expected a list that is not empty, got []."),
    ("sampling={sizes: [4, 0]}", "sampling.sizes[1]", "expected a number > 0, got 0."),
    (
        "sampling={sizes: [4], edge_sets: [writez]}",
        "sampling.edge_sets[0]",
        "unknown edge set 'writez'. Did you mean 'writes'? Known: cites, writes, written_by.",
    ),
    (
        "sampling.hops.0.sise=4",
        "sampling.hops[0].sise",
        "unknown key 'sise'. Did you mean 'size'? Allowed here: edge_set, from, name, replace, size, strategy, time, "
        "weight.",
    ),
    (
        "sampling.hops.0.edge_set=cite",
        "sampling.hops[0].edge_set",
        "unknown edge set 'cite'. Did you mean 'cites'? Known: cites, writes, written_by.",
    ),
    (
        "sampling.hops.2.from=hop1",
        "sampling.hops[2].from",
        "'writes' leads from 'author' to 'paper', but 'hop1' is at 'paper'. Edge sets from 'paper': cites, "
        "written_by. Hops at 'author': hop2.",
    ),
    (
        "sampling.hops.1.from=others",
        "sampling.hops[1].from",
        "unknown hop 'others'. Known: seed, hop1. It must be an earlier hop.",
    ),
    ("sampling.hops.2.name=hop1", "sampling.hops[2].name", "'hop1' is taken already; names of hops are unique."),
    (
        "sampling.hops.0.strategy=top-k",
        "sampling.hops[0].strategy",
        "expected one of uniform, weighted, top_k, latest_k, got text 'top-k'. Did you mean 'top_k'?",
    ),
    (
        "sampling.hops.0.strategy=top_k",
        "sampling.hops[0].strategy",
        "'top_k' needs a weight. Add `weight: FEATURE`, an edge feature.",
    ),
    (
        "sampling.hops.0.strategy=latest_k",
        "sampling.hops[0].strategy",
        "'latest_k' needs a time. Add `time: FEATURE`, an edge feature.",
    ),
    (
        "sampling.hops.1.weight=order",
        "sampling.hops[1].weight",
        "'uniform' draws by no weight. Set `strategy: weighted` or `top_k`, or leave it out.",
    ),
    (
        "sampling.hops.1={edge_set: written_by, size: 4, from: seed, strategy: weighted, weight: oder}",
        "sampling.hops[1].weight",
        "unknown feature of edge set 'written_by': 'oder'. Did you mean 'order'? Known: order.",
    ),
    (
        "sampling.hops.1={edge_set: written_by, size: 4, from: seed, strategy: top_k, weight: order, replace: true}",
        "sampling.hops[1].replace",
        "'top_k' has no draws with replacement. Leave it out.",
    ),
    (
        "sampling.cutoff=year",
        "sampling.cutoff",
        "a cut-off means nothing where no hop has a time. Give hops `time: FEATURE`.",
    ),
    (
        "features.context={year: number}",
        "features.context",
        "features of the context are inputs of tasks about graphs only. Remove them.",
    ),
    (
        "features.node_sets.papers.year=number",
        "features.node_sets.papers",
        "unknown node set 'papers'. Did you mean 'paper'? Known: author, paper.",
    ),
    (
        "features.node_sets.paper.yaer=number",
        "features.node_sets.paper.yaer",
        f"unknown feature of node set 'paper': 'yaer'. Did you mean 'year'? {_PAPER}",
    ),
    (
        "features.node_sets.paper.label=category",
        "features.node_sets.paper.label",
        "'label' is the label of the task; a model must not see it. Remove it.",
    ),
    (
        "features.node_sets.paper.hidden={type: category, feature: label}",
        "features.node_sets.paper.hidden",
        "'label' is the label of the task; a model must not see it. Remove it.",
    ),
    (
        "features.node_sets.paper.part=category",
        "features.node_sets.paper.part",
        "'part' is the feature that splits the nodes; it cannot be an input. Remove it.",
    ),
    (
        "features.node_sets.paper.score=number",
        "features.node_sets.paper.score",
        "paper.score stands in features.exclude and cannot be an input as well.",
    ),
    (
        "features.node_sets.paper.venue=number",
        "features.node_sets.paper.venue",
        "'number' needs one number for each item; paper.venue is string.",
    ),
    (
        "features.node_sets.paper.words=number",
        "features.node_sets.paper.words",
        "'number' needs one number for each item (for several use 'vector'); paper.words is float32 of shape [4].",
    ),
    (
        "features.node_sets.paper.year=vector",
        "features.node_sets.paper.year",
        "'vector' needs a vector of fixed length for each item (for one number use 'number'); paper.year is int64.",
    ),
    (
        "features.node_sets.paper.tags=text_hash",
        "features.node_sets.paper.tags",
        "'text_hash' needs one text for each item; paper.tags is string of shape [ragged].",
    ),
    (
        "features.node_sets.paper.year=nubmer",
        "features.node_sets.paper.year",
        "unknown type 'nubmer'. Did you mean 'number'? "
        "Allowed: category, drop, id_embedding, number, text_hash, vector.",
    ),
    (
        "features.edge_sets.cites.id=id_embedding",
        "features.edge_sets.cites.id",
        "unknown type 'id_embedding'. Allowed: category, drop, number, text_hash, vector.",
    ),
    ("features.exclude=[score]", "features.exclude[0]", "expected SET.FEATURE, as in paper.score, got 'score'."),
    (
        "features.exclude=[paper.skore]",
        "features.exclude[0]",
        "unknown feature 'paper.skore'. Did you mean 'paper.score'? Known: paper.label, paper.part, paper.score, "
        "paper.tags, paper.venue, paper.words, paper.year, written_by.order.",
    ),
    (
        "data={dataset: coral}",
        "data.dataset",
        "expected one of academic, cora, got text 'coral'. Did you mean 'cora'?",
    ),
    (
        "data.on_bad_rows=ignore",
        "data.on_bad_rows",
        "expected one of error, skip, got text 'ignore'.",
    ),
    (
        "model={type: gcn}",
        "model",
        "'gcn' needs a graph of one node set and one edge set; this one has node sets author, paper and edge sets "
        "cites, writes, written_by. Use 'vanilla_mpnn'.",
    ),
    (
        "data={class: my.Provider}",
        "data.schema",
        "the key 'schema' is missing. The `GraphSchema` file of the graphs; relative to the config file.",
    ),
    (
        "data={examples: part-*, schema: schema.pbtxt}",
        "data.examples",
        "there is no file 'FOLDER/part-*'. Relative paths start from the folder of the config file.",
    ),
    (
        "training.padding=tihgt",
        "training.padding",
        "unknown type 'tihgt'. Did you mean 'tight'? Allowed: fit_or_skip, tight.",
    ),
    (
        "training.padding={type: tight, fit_or_skip_success_ratio: 0.5}",
        "training.padding.fit_or_skip_success_ratio",
        "unknown key 'fit_or_skip_success_ratio'. Allowed for 'tight' here: type.",
    ),
    (
        "runtime.jit_compile=true",
        "runtime.jit_compile",
        "XLA compiles anew for each size of batches; give them one size: `training.padding: tight`.",
    ),
    (
        "runtime.strategy=mirored",
        "runtime.strategy",
        "unknown type 'mirored'. Did you mean 'mirrored'? Allowed: custom, mirrored, multi_worker_mirrored, one_device, "
        "parameter_server, tpu.",
    ),
    (
        "runtime.strategy={type: mirrored, device: [/cpu:0]}",
        "runtime.strategy.device",
        "unknown key 'device'. Did you mean 'devices'? Allowed here: devices, min_shard_bytes, tpu, type.",
    ),
    (
        "runtime.strategy=parameter_server",
        "runtime.strategy",
        "fit() of Keras 3 cannot train on parameter servers; they need a `training.trainer` of your own. Use "
        "'multi_worker_mirrored' for several machines.",
    ),
    ("runtime.strategy=tpu", "runtime.strategy", "TPUs need batches of one size: `training.padding: tight`."),
    (
        "runtime.tf_data_service={tf_data_service_address: 'grpc://a:1'}",
        "runtime.tf_data_service",
        "how many batches the service makes is not known: set `training.steps_per_epoch`.",
    ),
    (
        "runtime.tf_data_service={}",
        "runtime.tf_data_service.tf_data_service_address",
        "the key 'tf_data_service_address' is missing. Of the dispatcher, `grpc://host:port`.",
    ),
    (
        "training.validation_per_epoch=2 & training.steps_per_epoch=5",
        "training.validation_per_epoch",
        "needs training.steps_per_epoch to be a multiple of it, 2; got 5.",
    ),
    (
        "training.backup_every_n_steps=sometimes",
        "training.backup_every_n_steps",
        "expected a whole number or epoch, got text 'sometimes'.",
    ),
    (
        "training.trainer={args: {}}",
        "training.trainer.class",
        "the key 'class' is missing. Dotted path, such as `my_package.module.MyClass`; the module must be importable.",
    ),
    (
        "training.callbacks=[{class: MyCallback}]",
        "training.callbacks[0].class",
        "string should match pattern '^[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)+$', got text 'MyCallback'.",
    ),
    (
        "runtime.strategy=mirrored & runtime.steps_per_execution=4",
        "runtime.steps_per_execution",
        "TensorFlow cannot read several batches of graphs at once for several replicas; leave it out.",
    ),
    ("runtime.steps_per_execution=0", "runtime.steps_per_execution", "expected a number > 0, got 0."),
    ("seed=-1", "seed", "expected a number >= 0, got -1."),
    ("version=2", "version", "expected 1, got 2."),
    (
        "attribution.explainer=gnnexplainer",
        "attribution.explainer",
        "expected one of integrated_gradients, gnn_explainer, attention, got text 'gnnexplainer'. "
        "Did you mean 'gnn_explainer'?",
    ),
    (
        "attribution.baseline=zeros",
        "attribution.baseline",
        "expected one of zero, mean, random or a mapping (keys with values), got text 'zeros'.",
    ),
    (
        "attribution.baseline={paper.yaer: mean}",
        "attribution.baseline.paper.yaer",
        "unknown input 'paper.yaer'. Did you mean 'paper.year'? Known: paper.venue, paper.year, written_by.order.",
    ),
    (
        "attribution.baseline={paper.year: men}",
        "attribution.baseline.paper.year",
        "expected one of zero, mean, random, or a number, for an input of type 'number', got 'men'. "
        "Did you mean 'mean'?",
    ),
    (
        "attribution.baseline={paper.venue: [1]}",
        "attribution.baseline.paper.venue",
        "expected one of zero, mean, random, or a text or whole number, for an input of type 'category', got (1.0,).",
    ),
    (
        "attribution.baseline={paper.year: [a]}",
        "attribution.baseline.paper.year[0]",
        "expected a number, got text 'a'.",
    ),
]


@pytest.mark.parametrize(("override", "path", "message"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong_values(folder, override, path, message):
    with pytest.raises(c.ConfigError) as raised:
        c.load(folder / "config.yaml", override.split(" & "))
    texts = [problem.text(raised.value.source) for problem in raised.value.problems]
    message = message.replace("FOLDER", str(folder))
    assert any(text.endswith(f": {path}: {message}") for text in texts), str(raised.value)


def test_all_problems_at_once_with_their_lines(folder):
    text = (folder / "config.yaml").read_text()
    text = text.replace("epochs: 2", "epocs: 2\n  batch_size: many").replace("units: 16", "unit: 16")
    text = text.replace("  label: label\n", "")
    (folder / "config.yaml").write_text(text)
    with pytest.raises(c.ConfigError) as raised:
        c.load(folder / "config.yaml", ["seed=x"])
    file = folder / "config.yaml"
    assert str(raised.value).splitlines() == [
        f"{file} has 5 problems:",
        "  --set seed=x: seed: expected a whole number, got text 'x'.",
        f"  {file}:5: task.label: the key 'label' is missing. The feature that holds the class: a whole number from 0, "
        "or a text. Never an input of the model.",
        f"  {file}:25: model.unit: unknown key 'unit'. Did you mean 'units'? {_MPNN}",
        f"  {file}:28: training.batch_size: expected a whole number, got text 'many'.",
        f"  {file}:27: training.epocs: unknown key 'epocs'. Did you mean 'epochs'? {_TRAINING}",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\nseed: 2\n", "F:2: seed: the key is given twice, on line 1 and on line 2; keep one."),
        ("1: 2\n", "F:1: the config: the key 1 on line 1 is not a text; put it in quotes."),
        ("- a\n- b\n", "F:1: the config: expected keys with values, as in 'seed: 0'; got ['a', 'b']."),
        ("seed: [1\nmodel_dir: x\n", "F:2: the config: this is not YAML: while parsing a flow sequence "),
        ("a: !!python/object:os.system x\n", "F:1: the config: this is not YAML: could not determine a constructor"),
        ("a: &x [*x]\n", "F:1: a[0]: the alias refers to a value that it is part of."),
    ],
)
def test_wrong_yaml(text, message):
    with pytest.raises(c.ConfigError) as raised:
        c.loads(text, file="F")
    assert message in str(raised.value)


def test_empty_file_names_the_keys_that_are_needed():
    with pytest.raises(c.ConfigError) as raised:
        c.loads("", file="F")
    assert [".".join(map(str, p.path)) for p in raised.value.problems] == [
        "model_dir",
        "data",
        "task",
        "split",
        "sampling",
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs", "--set training.epochs: expected KEY=VALUE, as in training.epochs=5."),
        ("a=[1", "--set a=[1: the value '[1' is not YAML; put texts with special signs in quotes."),
        (
            "sampling.hops.7.size=1",
            "--set sampling.hops.7.size=1: sampling.hops is a list; expected a number from 0 to 2, got '7'.",
        ),
        (
            "seed.x=1",
            "--set seed.x=1: seed is 3 and has no key 'x'; replace it: --set 'seed={x: ...}'.",
        ),
    ],
)
def test_wrong_overrides(folder, override, message):
    with pytest.raises(c.ConfigError) as raised:
        c.load(folder / "config.yaml", [override])
    assert message in str(raised.value)


def test_missing_files(folder):
    with pytest.raises(c.ConfigError, match=r"nowhere.yaml: the config: cannot be read: No such file or directory."):
        c.load(folder / "nowhere.yaml")
    with pytest.raises(c.ConfigError, match=r"no file '.*schem.pbtxt'. Did you mean 'schema.pbtxt'\? Relative"):
        c.load(folder / "config.yaml", ["data.schema=schem.pbtxt"])
    with pytest.raises(c.ConfigError, match=r"there is no folder '.*/a/b'. The last folder of it that exists is"):
        c.load(folder / "config.yaml", ["data.directory=a/b"])
    with pytest.raises(c.ConfigError, match=r"data.schema: expected a file, but '.*' is a folder."):
        c.load(folder / "config.yaml", ["data.schema=."])


def test_wrong_schema_files(folder):
    (folder / "schema.pbtxt").write_text("node_set {}")
    with pytest.raises(c.ConfigError, match=r"data.schema: .*schema.pbtxt is not a GraphSchema: 1:1 : .*node_set"):
        c.load(folder / "config.yaml")
    (folder / "schema.pbtxt").write_text(
        'node_sets { key: "paper" value { features { key: "#x" value {} } } }'
        'edge_sets { key: "cites" value { source: "papr" } }'
    )
    with pytest.raises(c.ConfigError) as raised:
        c.load(folder / "config.yaml")
    assert [p.message for p in raised.value.problems] == [
        "in the schema: Node set 'paper', feature '#x': the name is reserved; drop the '#'.",
        "in the schema: Node set 'paper', feature '#x': the dtype is missing. Add for example `dtype: DT_FLOAT`.",
        "in the schema: Edge set 'cites': its source 'papr' is no node set of the schema; there are ['paper'].",
        "in the schema: Edge set 'cites': the target is missing. Add `target: \"<a node set>\"`.",
    ]


def test_no_pydantic_words_in_messages(folder):
    with pytest.raises(c.ConfigError) as raised:
        c.load(folder / "config.yaml", ["model=[1]", "task=", "features=4", "split.train={a: 1}", "sampling=[]"])
    for word in ("pydantic", "validation error", "Input should", "tagged-union"):
        assert not any(word in problem.message for problem in raised.value.problems)
