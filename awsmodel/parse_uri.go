package awsmodel

type route struct{}

func newRoutes(operations []*OperationModel) ([]route, error) { return nil, nil }
