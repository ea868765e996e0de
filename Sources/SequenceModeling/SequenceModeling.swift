// The public modules, so that users import SequenceModeling alone. `.ci/documentation` reads this list.

@_exported import Autograd
@_exported import ForeignFiles
@_exported import LanguageModels
@_exported import ModelExchange
@_exported import ModelTraining
@_exported import NGramModels
@_exported import NeuralLayers
@_exported import ProcessGroups
@_exported import RecurrentLayers
@_exported import SequenceText
@_exported import TabularData
@_exported import TensorCheckpoints
@_exported import TensorCore
@_exported import WebPages
